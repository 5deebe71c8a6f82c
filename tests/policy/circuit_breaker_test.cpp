#include "policy/circuit_breaker.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/uniform.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;
using Ticket = CircuitBreaker::Ticket;

// A breaker, its clock, and attempts that take no time.
class Breaker : public ::testing::Test {
protected:
    Ticket admit(bool repeatable = true) { return breaker.admit(repeatable, clock.steady()); }
    void succeed(const Ticket& ticket) { breaker.succeeded(ticket, clock.steady()); }
    void fail(const Ticket& ticket, Duration asked = {}) {
        breaker.failed(ticket, clock.steady(), asked);
    }
    void succeed() { succeed(admit()); }
    void fail() { fail(admit()); }
    void fail_times(int times) {
        for (int i = 0; i < times; ++i)
            fail();
    }
    State state() const { return breaker.state(clock.steady()); }
    Duration open_for() const { return breaker.open_for(clock.steady()); }

    test::FakeClock clock;
    CircuitBreaker breaker{CircuitBreaker::Options{}};
};

using CircuitBreakerTrips = Breaker;
using CircuitBreakerOpen = Breaker;
using CircuitBreakerHalfOpen = Breaker;

TEST_F(CircuitBreakerTrips, OnFiveFailuresInARow) {
    fail_times(4);
    EXPECT_EQ(state(), State::closed);
    fail();
    EXPECT_EQ(state(), State::open);
}

TEST_F(CircuitBreakerTrips, OnFiveInARowHoweverFarApart) {
    for (int i = 0; i < 5; ++i) {
        fail();
        clock.advance(10min);
    }
    EXPECT_EQ(breaker.transitions().open, 1u);
}

TEST_F(CircuitBreakerTrips, NotIfASuccessCameBetween) {
    fail_times(4);
    succeed();
    fail_times(4);
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerTrips, OnHalfOfTwentyAttempts) {
    for (int i = 0; i < 9; ++i) {
        succeed();
        fail();
        clock.advance(1s);
    }
    succeed();
    EXPECT_EQ(state(), State::closed);
    fail();
    EXPECT_EQ(state(), State::open);
}

TEST_F(CircuitBreakerTrips, NotOnHalfOfFewerThanTwenty) {
    for (int i = 0; i < 9; ++i) {
        fail();
        succeed();
    }
    fail();
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerTrips, OnlyByAFailure) {
    for (int i = 0; i < 4; ++i) {
        fail_times(3);
        succeed();
    }
    for (int i = 0; i < 7; ++i)
        succeed();
    succeed();  // the twentieth attempt; twelve have failed
    EXPECT_EQ(state(), State::closed);
    fail();
    EXPECT_EQ(state(), State::open);
}

TEST_F(CircuitBreakerTrips, ByWhatHappenedWithinThirtySecondsOnly) {
    for (int i = 0; i < 9; ++i) {
        succeed();
        fail();
    }
    clock.advance(31s);
    for (int i = 0; i < 9; ++i) {
        succeed();
        fail();
    }
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerTrips, NeverOnFortyNinePercentSpreadEvenly) {
    for (const Duration apart : {1ms, 17ms, 100ms, 250ms}) {
        SCOPED_TRACE(apart.count());
        breaker = CircuitBreaker(CircuitBreaker::Options{});
        for (int i = 1; i <= 20'000; ++i) {
            // 49 in 100: those at which i * 0.49 passes a whole number.
            const bool fails = i * 49 / 100 > (i - 1) * 49 / 100;
            fails ? fail() : succeed();
            clock.advance(apart);
        }
        EXPECT_EQ(breaker.transitions().open, 0u);
    }
}

TEST_F(CircuitBreakerTrips, AnewAfterItHasClosedOnlyByWhatCameAfter) {
    fail_times(5);
    clock.advance(5s);
    succeed();
    succeed();
    ASSERT_EQ(state(), State::closed);
    fail_times(4);
    EXPECT_EQ(state(), State::closed);
    fail();
    EXPECT_EQ(state(), State::open);
}

TEST_F(CircuitBreakerTrips, AnewByARatioOfWhatCameAfterOnly) {
    const auto alternate = [&](int pairs) {
        for (int i = 0; i < pairs; ++i) {
            succeed();
            fail();
        }
    };
    const auto trip_and_close = [&] {
        alternate(10);
        ASSERT_EQ(state(), State::open);
        clock.advance(5s);
        succeed();
        succeed();
    };
    trip_and_close();
    alternate(9);
    fail();
    EXPECT_EQ(state(), State::closed);
    fail();  // the twentieth; eleven have failed
    EXPECT_EQ(state(), State::open);

    breaker = CircuitBreaker(CircuitBreaker::Options{});
    trip_and_close();
    for (int i = 0; i < 19; ++i)
        succeed();
    fail();
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerOpen, RefusesEverybodyAndSaysForHowLong) {
    fail_times(5);
    clock.advance(2s);
    for (const bool repeatable : {true, false}) {
        const Ticket ticket = admit(repeatable);
        EXPECT_FALSE(ticket.admitted);
        EXPECT_EQ(ticket.retry_after, 3s);
    }
    EXPECT_EQ(open_for(), 3s);
}

TEST_F(CircuitBreakerOpen, BecomesHalfOpenByTimeAlone) {
    fail_times(5);
    clock.advance(5s - 1ns);
    EXPECT_EQ(state(), State::open);
    clock.advance(1ns);
    EXPECT_EQ(state(), State::half_open);
    EXPECT_EQ(open_for(), 0s);
}

TEST_F(CircuitBreakerOpen, DoublesAtEachFailedProbeUpToAMinute) {
    fail_times(5);
    for (const Duration period : {5s, 10s, 20s, 40s, 60s, 60s}) {
        EXPECT_EQ(open_for(), period);
        clock.advance(period);
        fail();
    }
}

TEST_F(CircuitBreakerOpen, BeginsWithFiveSecondsAgainOnceItHadClosed) {
    fail_times(5);
    clock.advance(5s);
    fail();
    clock.advance(10s);
    succeed();
    succeed();
    fail_times(5);
    EXPECT_EQ(open_for(), 5s);
}

TEST_F(CircuitBreakerOpen, StaysAsLongAsA503Asks) {
    fail_times(4);
    fail(admit(), 30s);
    EXPECT_EQ(open_for(), 30s);
    clock.advance(30s - 1ns);
    EXPECT_FALSE(admit().admitted);
    clock.advance(1ns);
    EXPECT_TRUE(admit().admitted);
}

TEST_F(CircuitBreakerOpen, StaysAsLongAsTheProbeThatFailedWasTold) {
    fail_times(5);
    clock.advance(5s);
    fail(admit(), 30s);
    EXPECT_EQ(open_for(), 30s);
    clock.advance(30s);
    fail();
    EXPECT_EQ(open_for(), 20s);  // third time, by itself
}

TEST_F(CircuitBreakerOpen, IsNeverShortenedByA503) {
    fail_times(4);
    fail(admit(), 2s);
    EXPECT_EQ(open_for(), 5s);
    clock.advance(5s);
    fail(admit(), -1h);
    EXPECT_EQ(open_for(), 10s);
}

TEST_F(CircuitBreakerOpen, IsExtendedToFiveMinutesAtMost) {
    fail_times(4);
    fail(admit(), 24h);
    EXPECT_EQ(open_for(), 5min);
}

TEST_F(CircuitBreakerOpen, IsNotBroughtAboutByADelay) {
    fail(admit(), 30s);
    EXPECT_EQ(state(), State::closed);
    fail_times(4);
    EXPECT_EQ(open_for(), 5s);
}

TEST_F(CircuitBreakerOpen, IsNotTouchedByResultsOfAttemptsBegunBefore) {
    const Ticket good = admit();
    const Ticket bad = admit();
    fail_times(5);
    clock.advance(1s);
    succeed(good);
    succeed(good);
    fail(bad, 30s);
    EXPECT_EQ(open_for(), 4s);
    EXPECT_EQ(breaker.transitions().open, 1u);
}

TEST_F(CircuitBreakerHalfOpen, IsNotTouchedByResultsOfAttemptsBegunBefore) {
    const Ticket good = admit();
    const Ticket bad = admit();
    fail_times(5);
    clock.advance(5s);
    succeed(good);
    succeed(good);
    fail(bad);
    breaker.abandoned(bad, clock.steady());
    EXPECT_EQ(state(), State::half_open);
}

TEST_F(CircuitBreakerHalfOpen, LeavesNoLateResultsToTheNextClosedTime) {
    std::vector<Ticket> late;
    for (int i = 0; i < 5; ++i)
        late.push_back(admit());
    fail_times(5);
    clock.advance(5s);
    succeed();
    succeed();
    for (const Ticket& ticket : late)
        fail(ticket);
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerHalfOpen, ClosesAfterTwoSuccesses) {
    fail_times(5);
    clock.advance(5s);
    succeed();
    EXPECT_EQ(state(), State::half_open);
    succeed();
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerHalfOpen, LetsOneProbeGoAtATime) {
    fail_times(5);
    clock.advance(5s);
    const Ticket probe = admit();
    EXPECT_TRUE(probe.probe);
    EXPECT_FALSE(probe.single_attempt);
    clock.advance(3s);
    const Ticket second = admit();
    EXPECT_FALSE(second.admitted);
    EXPECT_GT(second.retry_after, 0s);
    succeed(probe);
    EXPECT_TRUE(admit().probe);
}

// Such as an upload of many minutes, while the upstream has long recovered.
TEST_F(CircuitBreakerHalfOpen, KeepsNobodyOutForAProbeThatDoesNotEnd) {
    fail_times(5);
    clock.advance(5s);
    const Ticket slow = admit();
    clock.advance(5s - 1ns);
    const Ticket early = admit();
    EXPECT_FALSE(early.admitted);
    EXPECT_EQ(early.retry_after, 1ns);
    clock.advance(1ns);
    const Ticket next = admit();
    EXPECT_TRUE(next.probe);
    succeed(slow);
    EXPECT_EQ(state(), State::half_open);
    EXPECT_FALSE(admit().admitted) << "it is the next one's turn still";
    succeed(next);
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerHalfOpen, HearsAProbeThatHasOutlivedItsTurn) {
    fail_times(5);
    clock.advance(5s);
    const Ticket slow = admit();
    clock.advance(5s);
    const Ticket next = admit();
    breaker.abandoned(slow, clock.steady());
    EXPECT_FALSE(admit().admitted) << "it is the next one's turn still";
    clock.advance(5s);
    const Ticket third = admit();
    fail(next);
    EXPECT_EQ(open_for(), 10s);
    fail(third);
    EXPECT_EQ(open_for(), 10s);
    EXPECT_EQ(breaker.transitions().open, 2u);
}

TEST_F(CircuitBreakerHalfOpen, GivesTheSlotOfAnAbandonedProbeToTheNext) {
    fail_times(5);
    clock.advance(5s);
    const Ticket probe = admit();
    breaker.abandoned(probe, clock.steady());
    EXPECT_EQ(state(), State::half_open);
    EXPECT_TRUE(admit().probe);
}

TEST_F(CircuitBreakerHalfOpen, HearsAProbeOfAnEarlierOpeningNoMore) {
    fail_times(5);
    clock.advance(5s);
    const Ticket first = admit();
    fail(first);
    clock.advance(10s);
    const Ticket second = admit();
    ASSERT_TRUE(second.probe);
    breaker.abandoned(first, clock.steady());
    EXPECT_FALSE(admit().admitted);
    fail(first);
    succeed(first);
    succeed(first);
    EXPECT_EQ(state(), State::half_open);
}

TEST_F(CircuitBreakerHalfOpen, PrefersRepeatableRequestsForOneMorePeriod) {
    fail_times(5);
    clock.advance(5s);
    const Ticket early = admit(false);
    EXPECT_FALSE(early.admitted);
    EXPECT_EQ(early.retry_after, 5s);
    clock.advance(5s - 1ns);
    EXPECT_FALSE(admit(false).admitted);
    clock.advance(1ns);
    const Ticket probe = admit(false);
    EXPECT_TRUE(probe.probe);
    EXPECT_TRUE(probe.single_attempt);
}

TEST_F(CircuitBreakerHalfOpen, KeepsPreferringThemWhileTheyCome) {
    fail_times(5);
    clock.advance(9s);
    succeed();
    clock.advance(4s);
    EXPECT_FALSE(admit(false).admitted);
    clock.advance(1s);
    EXPECT_TRUE(admit(false).admitted);
}

TEST_F(CircuitBreakerHalfOpen, LetsAnApplicationOfKeylessWritesOutAgain) {
    fail_times(5);
    clock.advance(5s);
    fail();  // 10 s from here on
    clock.advance(20s);
    succeed(admit(false));
    succeed(admit(false));
    EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerHalfOpen, FailsBackToOpenAfterOneSuccessToo) {
    fail_times(5);
    clock.advance(5s);
    succeed();
    fail();
    EXPECT_EQ(open_for(), 10s);
    clock.advance(10s);
    succeed();
    EXPECT_EQ(state(), State::half_open);  // the success of before is forgotten
}

TEST_F(Breaker, CountsItsTransitions) {
    fail_times(5);
    clock.advance(5s);
    fail();
    clock.advance(10s);
    succeed();
    succeed();
    EXPECT_EQ(breaker.transitions().open, 2u);
    EXPECT_EQ(breaker.transitions().half_open, 2u);
    EXPECT_EQ(breaker.transitions().closed, 1u);
}

TEST_F(Breaker, LetsEverythingPassWhenDisabled) {
    breaker = CircuitBreaker({.enabled = false});
    fail_times(100);
    EXPECT_EQ(state(), State::closed);
    EXPECT_TRUE(admit(false).admitted);
}

TEST_F(Breaker, StaysOpenThroughAReload) {
    fail_times(5);
    breaker.reconfigure({.consecutive_failures = 50, .window = 60s});
    EXPECT_EQ(open_for(), 5s);
    EXPECT_FALSE(admit().admitted);
}

TEST_F(Breaker, ClosesWhenAReloadDisablesIt) {
    fail_times(5);
    breaker.reconfigure({.enabled = false});
    EXPECT_TRUE(admit().admitted);
    breaker.reconfigure({});
    EXPECT_EQ(state(), State::closed);
}

// Whatever happens in whatever order: no probe goes while another is under way that began less than
// an open period ago, nobody is let through while it is open, a keyless probe is a single attempt,
// and who is refused is told a time in the future.
RC_GTEST_PROP(CircuitBreakerProperty, KeepsItsPromisesInAnyOrderOfEvents, ()) {
    CircuitBreaker breaker{CircuitBreaker::Options{.min_attempts = 6}};
    test::FakeClock clock;
    std::vector<Ticket> running;
    const auto events = *rc::gen::container<std::vector<int>>(200, test::uniform(0, 100));
    for (const int event : events) {
        const Instant now = clock.steady();
        if (event < 40) {
            const State before = breaker.state(now);
            const bool repeatable = event < 20;
            const Ticket ticket = breaker.admit(repeatable, now);
            RC_ASSERT(before != State::open || !ticket.admitted);
            RC_ASSERT(before != State::closed || (ticket.admitted && !ticket.probe));
            RC_ASSERT(before != State::half_open || ticket.probe == ticket.admitted);
            RC_ASSERT(!ticket.probe || ticket.single_attempt == !repeatable);
            RC_ASSERT(ticket.admitted || ticket.retry_after > 0s);
            RC_ASSERT(!ticket.probe || std::ranges::none_of(running, [&](const Ticket& each) {
                return each.probe && now - each.begun < CircuitBreaker::Options{}.open;
            }));
            if (ticket.admitted) running.push_back(ticket);
        } else if (event < 85 && !running.empty()) {
            const auto picked = running.begin() + event % static_cast<int>(running.size());
            if (event < 60) breaker.failed(*picked, now);
            if (event >= 60 && event < 80) breaker.succeeded(*picked, now);
            if (event >= 80) breaker.abandoned(*picked, now);
            running.erase(picked);
        } else {
            clock.advance(std::chrono::milliseconds(event * event));
        }
    }
}

}  // namespace
}  // namespace backstop::policy
