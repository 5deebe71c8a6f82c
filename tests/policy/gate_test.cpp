#include "policy/gate.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/uniform.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using What = Gate::Answer::What;

constexpr Duration patience = 90s;

class GateTest : public ::testing::Test {
protected:
    Gate::Answer ask(Gate::Place& place, bool repeatable = false, Duration within = patience) {
        return gate.ask(repeatable, place, clock.steady() + within, clock.steady());
    }
    // Someone new, who does not wait.
    Gate::Answer ask(bool repeatable = false, Duration within = patience) {
        Gate::Place place;
        const Gate::Answer answer = ask(place, repeatable, within);
        gate.leave(place, clock.steady());
        return answer;
    }
    void close(Duration delay, Gate::Kind kind = Gate::Kind::rate) {
        gate.close(clock.steady() + delay, kind, clock.steady());
    }
    Duration closed_for() const { return gate.until() - clock.steady(); }

    test::FakeClock clock;
    Gate gate{Gate::Options{}};
};

using GateQueue = GateTest;
using GateTrial = GateTest;
using GateConcurrency = GateTest;

TEST_F(GateTest, IsOpenUntilA429ClosesIt) {
    EXPECT_EQ(ask().what, What::go);
    EXPECT_FALSE(gate.closed(clock.steady()));
    close(2s);
    EXPECT_TRUE(gate.closed(clock.steady()));
    EXPECT_EQ(ask().what, What::wait);
}

TEST_F(GateTest, OpensByTimeNoSoonerThanHinted) {
    close(2s);
    clock.advance(2s - 1ns);
    EXPECT_EQ(ask().what, What::wait);
    clock.advance(1ns);
    EXPECT_EQ(ask().what, What::go);
}

TEST_F(GateTest, KeepsTheLaterOfTwoHints) {
    close(60s);
    close(1s);
    EXPECT_EQ(closed_for(), 60s);
    close(61s);
    EXPECT_EQ(closed_for(), 61s);
}

TEST_F(GateTest, DoesNotCloseForAHintInThePast) {
    close(-1s);
    close(0s);
    EXPECT_FALSE(gate.closed(clock.steady()));
}

TEST_F(GateTest, IsNotOpenedByASuccessBegunBeforeThe429) {
    const Instant before = clock.steady();
    clock.advance(1s);
    close(60s);
    gate.succeeded(before, clock.steady());
    gate.succeeded(clock.steady(), clock.steady() + 1s);
    EXPECT_EQ(closed_for(), 60s);
}

TEST_F(GateTest, IsNotOpenedByASuccessBegunBeforeTheLastOfThem) {
    close(60s);
    clock.advance(1s);
    const Instant between = clock.steady();
    clock.advance(1s);
    close(1s);
    gate.succeeded(between, clock.steady());
    EXPECT_EQ(closed_for(), 58s);
}

TEST_F(GateTest, IsOpenedByASuccessBegunAfterThe429) {
    close(60s);
    clock.advance(1s);
    const auto generation = gate.generation();
    gate.succeeded(clock.steady(), clock.steady());
    EXPECT_FALSE(gate.closed(clock.steady()));
    EXPECT_NE(gate.generation(), generation);
    EXPECT_EQ(ask().what, What::go);
}

TEST_F(GateTest, WakesNobodyForASuccessThatOpensNothing) {
    gate.succeeded(clock.steady(), clock.steady());
    close(1s);
    clock.advance(2s);
    gate.succeeded(clock.steady(), clock.steady());
    EXPECT_EQ(gate.generation(), 0u);
}

TEST_F(GateTest, LetsEverybodyGoWhenDisabled) {
    gate = Gate({.enabled = false});
    close(60s);
    EXPECT_EQ(ask().what, What::go);
}

TEST_F(GateTest, LetsTheWaitersGoWhenAReloadDisablesIt) {
    close(60s);
    Gate::Place place;
    ask(place);
    const auto generation = gate.generation();
    gate.reconfigure({.enabled = false});
    EXPECT_NE(gate.generation(), generation);
    EXPECT_EQ(ask(place).what, What::go);
    EXPECT_EQ(gate.waiting(), 0);
}

TEST_F(GateTest, StaysClosedThroughAReload) {
    close(60s);
    gate.reconfigure({.queue = 7});
    EXPECT_EQ(closed_for(), 60s);
}

TEST_F(GateQueue, RefusesAtOnceWhomTheWaitDoesNotFit) {
    close(20s);
    const Gate::Answer answer = ask(false, 20s - 1ns);
    EXPECT_EQ(answer.what, What::refuse);
    EXPECT_EQ(answer.why, Denied::deadline);
    EXPECT_EQ(answer.until, clock.steady() + 20s);
    EXPECT_EQ(gate.waiting(), 0);
    EXPECT_EQ(ask(false, 20s).what, What::wait);
}

TEST_F(GateQueue, RefusesAtOnceWhoFindsItFull) {
    close(2s);
    std::vector<Gate::Place> places(1000);
    int waiting = 0;
    for (Gate::Place& place : places) {
        const Gate::Answer answer = ask(place);
        if (answer.what == What::wait) {
            ++waiting;
            continue;
        }
        EXPECT_EQ(answer.what, What::refuse);
        EXPECT_EQ(answer.why, Denied::queue);
        EXPECT_EQ(answer.until, clock.steady() + 2s);
    }
    EXPECT_EQ(waiting, 100);
    EXPECT_EQ(gate.waiting(), 100);
}

TEST_F(GateQueue, HoldsNobodyWhereItHasNoSeats) {
    gate = Gate({.queue = 0});
    close(2s);
    EXPECT_EQ(ask().why, Denied::queue);
}

TEST_F(GateQueue, GivesTheSeatOfWhoLeavesToTheNext) {
    gate = Gate({.queue = 2});
    close(2s);
    Gate::Place first;
    Gate::Place second;
    ask(first);
    ask(second);
    EXPECT_EQ(ask().what, What::refuse);
    gate.leave(first, clock.steady());
    EXPECT_EQ(gate.waiting(), 1);
    Gate::Place third;
    EXPECT_EQ(ask(third).what, What::wait);
    EXPECT_EQ(gate.waiting(), 2);
    EXPECT_NE(second.number, third.number);
}

TEST_F(GateQueue, TakesALeaveTwiceForOne) {
    close(2s);
    Gate::Place place;
    ask(place);
    gate.leave(place, clock.steady());
    gate.leave(place, clock.steady());
    EXPECT_EQ(gate.waiting(), 0);
}

// Sleeps until each waiter's moment, asks, and notes who left when; nobody is new meanwhile.
std::vector<Instant> release(
    Gate& gate, std::multimap<Instant, Gate::Place> sleepers, test::FakeClock& clock
) {
    std::vector<Instant> left;
    while (!sleepers.empty()) {
        auto sleeper = sleepers.extract(sleepers.begin());
        clock.advance_to(sleeper.key());
        const Instant now = clock.steady();
        const Gate::Answer answer = gate.ask(false, sleeper.mapped(), now + patience, now);
        if (answer.what == What::go) left.push_back(now);
        if (answer.what != What::wait) continue;
        sleeper.key() = answer.until;
        sleepers.insert(std::move(sleeper));
    }
    return left;
}

std::multimap<Instant, Gate::Place> queue_up(Gate& gate, int many, Instant now) {
    std::multimap<Instant, Gate::Place> sleepers;
    for (int i = 0; i < many; ++i) {
        Gate::Place place;
        const Gate::Answer answer = gate.ask(false, place, now + patience, now);
        if (answer.what == What::wait) sleepers.emplace(answer.until, place);
    }
    return sleepers;
}

Duration least_gap(const std::vector<Instant>& moments) {
    Duration least = Duration::max();
    for (std::size_t i = 1; i < moments.size(); ++i)
        least = std::min(least, moments[i] - moments[i - 1]);
    return least;
}

TEST_F(GateQueue, ReleasesAThousandSpreadOverOneSecond) {
    gate = Gate({.queue = 1000});
    close(2s);
    const Instant opens = gate.until();
    const auto left = release(gate, queue_up(gate, 1000, clock.steady()), clock);
    ASSERT_EQ(left.size(), 1000u);
    EXPECT_EQ(left.front(), opens);
    EXPECT_LT(left.back(), opens + 1s);
    EXPECT_EQ(least_gap(left), 1ms);
    EXPECT_EQ(gate.waiting(), 0);
}

TEST_F(GateQueue, ReleasesAFewTenMillisecondsApart) {
    gate = Gate({.queue = 20});
    close(2s);
    const Instant opens = gate.until();
    const auto left = release(gate, queue_up(gate, 3, clock.steady()), clock);
    EXPECT_EQ(left, (std::vector{opens, opens + 10ms, opens + 20ms}));
}

TEST_F(GateQueue, HoldsItsWaitersWhenItIsClosedForLonger) {
    close(2s);
    auto sleepers = queue_up(gate, 100, clock.steady());
    clock.advance(1s);
    close(60s);
    const Instant opens = gate.until();
    const auto left = release(gate, std::move(sleepers), clock);
    ASSERT_EQ(left.size(), 100u);
    EXPECT_EQ(left.front(), opens);
    EXPECT_LT(left.back(), opens + 1s);
    EXPECT_EQ(least_gap(left), 10ms);
}

TEST_F(GateQueue, HoldsTheRestWhenItIsClosedInMidRelease) {
    close(2s);
    auto sleepers = queue_up(gate, 100, clock.steady());
    std::multimap<Instant, Gate::Place> rest;
    const auto half = std::next(sleepers.begin(), 50);
    rest.insert(half, sleepers.end());
    sleepers.erase(half, sleepers.end());
    EXPECT_EQ(release(gate, std::move(sleepers), clock).size(), 50u);
    close(5s);
    const Instant opens = gate.until();
    const auto left = release(gate, std::move(rest), clock);
    ASSERT_EQ(left.size(), 50u);
    EXPECT_GE(left.front(), opens);
    EXPECT_LT(left.back(), opens + 1s);
    EXPECT_EQ(least_gap(left), 10ms);
}

TEST_F(GateQueue, ReleasesSpreadWhenASuccessOpensIt) {
    close(80s);
    auto sleepers = queue_up(gate, 100, clock.steady());
    clock.advance(60s);
    const Instant now = clock.steady();
    gate.succeeded(now, now);
    // All are woken and ask again.
    std::multimap<Instant, Gate::Place> woken;
    for (auto& [until, place] : sleepers)
        woken.emplace(now, place);
    const auto left = release(gate, std::move(woken), clock);
    ASSERT_EQ(left.size(), 100u);
    EXPECT_EQ(left.front(), now);
    EXPECT_EQ(left.back(), now + 990ms);
    EXPECT_EQ(least_gap(left), 10ms);
}

TEST_F(GateQueue, LetsNewcomersPassOnceItIsOpen) {
    close(2s);
    auto sleepers = queue_up(gate, 100, clock.steady());
    clock.advance(2s);
    EXPECT_EQ(ask().what, What::go);
    EXPECT_EQ(gate.waiting(), 100);
}

TEST_F(GateQueue, NeverRefusesAWaiterOnceItIsOpen) {
    close(2s);
    auto sleepers = queue_up(gate, 100, clock.steady());
    Gate::Place last = sleepers.rbegin()->second;
    clock.advance(2s);
    EXPECT_EQ(ask(last, false, 100ms).what, What::go);
    EXPECT_EQ(gate.waiting(), 99);
}

TEST_F(GateQueue, RefusesAWaiterWhomALaterHintDoesNotFit) {
    close(2s);
    Gate::Place place;
    ask(place, false, 10s);
    close(60s);
    const Gate::Answer answer = ask(place, false, 10s);
    EXPECT_EQ(answer.what, What::refuse);
    EXPECT_EQ(answer.why, Denied::deadline);
    EXPECT_EQ(place.number, 0u);
    EXPECT_EQ(gate.waiting(), 0);
}

TEST_F(GateQueue, ShrinksByAReloadWithoutLosingAnybody) {
    close(2s);
    auto sleepers = queue_up(gate, 100, clock.steady());
    gate.reconfigure({.queue = 10});
    EXPECT_EQ(ask().why, Denied::queue);
    EXPECT_EQ(release(gate, std::move(sleepers), clock).size(), 100u);
}

TEST_F(GateTrial, LetsOneRepeatableRequestAMinuteThroughAnAbsurdHint) {
    close(24h);
    for (int minute = 0; minute < 5; ++minute) {
        clock.advance(60s - 1ns);
        EXPECT_EQ(ask(true).what, What::refuse);
        clock.advance(1ns);
        EXPECT_EQ(ask(false).what, What::refuse);
        const Gate::Answer trial = ask(true);
        EXPECT_EQ(trial.what, What::go);
        EXPECT_TRUE(trial.trial);
        EXPECT_EQ(ask(true).what, What::refuse);
    }
}

TEST_F(GateTrial, OpensItBySucceeding) {
    close(24h);
    clock.advance(60s);
    ASSERT_TRUE(ask(true).trial);
    const Instant begun = clock.steady();
    clock.advance(300ms);
    gate.succeeded(begun, clock.steady());
    const Gate::Answer answer = ask();
    EXPECT_EQ(answer.what, What::go);
    EXPECT_FALSE(answer.trial);
}

TEST_F(GateTrial, OpensItByBeingRejected) {
    close(24h);
    const Instant before = clock.steady();
    clock.advance(60s);
    ASSERT_TRUE(ask(true).trial);
    const Instant begun = clock.steady();
    clock.advance(300ms);
    gate.rejected(before, clock.steady());
    EXPECT_TRUE(gate.closed(clock.steady()));
    const auto generation = gate.generation();
    gate.rejected(begun, clock.steady());
    EXPECT_FALSE(gate.closed(clock.steady()));
    EXPECT_NE(gate.generation(), generation);
}

TEST_F(GateTrial, LeavesItClosedByFailing) {
    close(24h);
    clock.advance(60s);
    ASSERT_TRUE(ask(true).trial);
    close(1s);
    EXPECT_EQ(closed_for(), 24h - 60s);
    clock.advance(59s);
    EXPECT_EQ(ask(true).what, What::refuse);
    clock.advance(1s);
    EXPECT_TRUE(ask(true).trial);
}

TEST_F(GateTrial, DoesNotCutShortTheDelayOfAMinute) {
    close(65s);  // 60 s and what we add to it
    clock.advance(60s);
    EXPECT_EQ(ask(true).what, What::wait);
}

TEST_F(GateTrial, FreesTheSeatOfAWaiterWhoMakesIt) {
    close(80s);
    Gate::Place place;
    ask(place, true);
    clock.advance(60s);
    EXPECT_TRUE(ask(place, true).trial);
    EXPECT_EQ(gate.waiting(), 0);
}

TEST_F(GateConcurrency, BacksOffFiveSecondsDoublingToSixty) {
    for (const Duration pause : {5s, 10s, 20s, 40s, 60s, 60s}) {
        close(1s, Gate::Kind::concurrency);
        EXPECT_EQ(closed_for(), pause);
        clock.advance(pause);
    }
    EXPECT_EQ(gate.kind(), Gate::Kind::concurrency);
}

TEST_F(GateConcurrency, TakesABurstForOneEvent) {
    for (int i = 0; i < 10; ++i)
        close(0s, Gate::Kind::concurrency);
    EXPECT_EQ(closed_for(), 5s);
}

TEST_F(GateConcurrency, BeginsWithFiveSecondsAgainAfterASuccess) {
    close(1s, Gate::Kind::concurrency);
    clock.advance(5s);
    close(1s, Gate::Kind::concurrency);
    clock.advance(10s);
    gate.succeeded(clock.steady(), clock.steady());
    close(1s, Gate::Kind::concurrency);
    EXPECT_EQ(closed_for(), 5s);
}

TEST_F(GateConcurrency, IsNotOverForARejection) {
    close(1s, Gate::Kind::concurrency);
    clock.advance(1s);
    gate.rejected(clock.steady(), clock.steady());
    EXPECT_EQ(closed_for(), 4s);
    clock.advance(4s);
    gate.rejected(clock.steady(), clock.steady());
    close(1s, Gate::Kind::concurrency);
    EXPECT_EQ(closed_for(), 10s);
}

TEST_F(GateConcurrency, TakesAHintUpToSixtySeconds) {
    close(30s, Gate::Kind::concurrency);
    EXPECT_EQ(closed_for(), 30s);
    clock.advance(30s);
    close(24h, Gate::Kind::concurrency);
    EXPECT_EQ(closed_for(), 60s);
}

TEST_F(GateConcurrency, DoesNotShortenARateLimit) {
    close(60s);
    close(1s, Gate::Kind::concurrency);
    EXPECT_EQ(closed_for(), 60s);
    EXPECT_EQ(gate.kind(), Gate::Kind::rate);
}

// Everybody in any order: nobody but a trial leaves while it is closed, the queue keeps its bound,
// no two share a seat, nobody is told to wait for a moment past, and in the end all have left.
RC_GTEST_PROP(GateProperty, KeepsItsPromisesInAnyOrderOfEvents, ()) {
    const int queue = *test::uniform(0, 8);
    Gate gate{Gate::Options{.queue = queue}};
    test::FakeClock clock;
    struct Waiter {
        Gate::Place place;
        Instant until;
        Instant latest;
    };
    std::vector<Waiter> waiters;
    const auto settle = [&](Waiter waiter, bool repeatable) {
        const Instant now = clock.steady();
        const bool newcomer = waiter.place.number == 0;
        const bool closed = gate.closed(now);
        const auto answer = gate.ask(repeatable, waiter.place, waiter.latest, now);
        RC_ASSERT(answer.what != What::go || !closed || (answer.trial && repeatable));
        RC_ASSERT(answer.what == What::wait || waiter.place.number == 0);
        RC_ASSERT(answer.what != What::refuse || (closed && answer.why && answer.until > now));
        RC_ASSERT(
            answer.what != What::wait || (answer.until > now && answer.until <= waiter.latest)
        );
        RC_ASSERT(answer.what != What::wait || answer.until >= gate.until());
        RC_ASSERT(answer.what != What::wait || closed || !newcomer);
        if (answer.what != What::wait) return;
        waiter.until = answer.until;
        waiters.push_back(waiter);
    };
    const auto wake = [&](std::size_t which, bool repeatable) {
        const Waiter waiter = waiters[which];
        waiters.erase(waiters.begin() + static_cast<std::ptrdiff_t>(which));
        settle(waiter, repeatable);
    };
    const auto events = *rc::gen::container<std::vector<int>>(200, test::uniform(0, 1000));
    for (const int event : events) {
        const Instant now = clock.steady();
        const auto which = waiters.empty() ? 0 : static_cast<std::size_t>(event) % waiters.size();
        if (event < 400) {
            settle({{}, {}, now + std::chrono::milliseconds(event * 200)}, event % 2 == 0);
        } else if (event < 500) {
            const auto kind = event % 4 == 0 ? Gate::Kind::concurrency : Gate::Kind::rate;
            gate.close(now + std::chrono::milliseconds((event - 400) * 700), kind, now);
        } else if (event < 550) {
            const auto before = gate.generation();
            gate.succeeded(now - std::chrono::seconds(event - 500), now);
            if (gate.generation() != before)
                for (std::size_t left = waiters.size(); left > 0; --left)
                    wake(0, false);
        } else if (event < 600 && !waiters.empty()) {
            gate.leave(waiters[which].place, now);
            waiters.erase(waiters.begin() + static_cast<std::ptrdiff_t>(which));
        } else if (event < 700 && !waiters.empty()) {
            wake(which, event % 2 == 0);
        } else {
            clock.advance(std::chrono::milliseconds((event - 600) * 30));
        }
        RC_ASSERT(gate.waiting() == static_cast<int>(waiters.size()));
        RC_ASSERT(gate.waiting() <= queue);
        for (std::size_t i = 0; i < waiters.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                RC_ASSERT(waiters[i].place.number != waiters[j].place.number);
    }
    while (!waiters.empty()) {
        clock.advance_to(waiters.front().until);
        wake(0, false);
    }
    RC_ASSERT(gate.waiting() == 0);
}

}  // namespace
}  // namespace backstop::policy
