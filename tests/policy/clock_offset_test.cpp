#include "policy/clock_offset.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/uniform.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

// An upstream whose clock is off, and which writes its Date right in the middle of a round trip.
class Clock : public ::testing::Test {
protected:
    void exchange(Duration round_trip = 0s) {
        const Moment sent = clock.now();
        clock.advance(round_trip / 2);
        const WallTime date = std::chrono::floor<std::chrono::seconds>(clock.wall() + truth);
        clock.advance(round_trip - round_trip / 2);
        learned.observe(date, sent, clock.now());
    }
    Duration error() const { return learned.offset().value() - truth; }

    test::FakeClock clock;
    Duration truth{};
    ClockOffset learned;
};

using ClockOffsetTest = Clock;

TEST_F(ClockOffsetTest, IsAbsentUntilObserved) {
    EXPECT_FALSE(learned.offset());
    EXPECT_EQ(learned.to_ours(clock.wall()), clock.wall());
}

TEST_F(ClockOffsetTest, IsWithinHalfASecond) {
    for (const Duration offset : {-120s, -1s, 0s, 1s, 120s}) {
        for (Duration fraction = 0ms; fraction < 1s; fraction += 50ms) {
            truth = offset + fraction;
            learned = ClockOffset();
            exchange();
            EXPECT_LE(error(), 500ms);
            EXPECT_GE(error(), -500ms);
        }
    }
}

TEST_F(ClockOffsetTest, TurnsTheirDatesIntoOurs) {
    truth = 120s;
    exchange();
    EXPECT_EQ(learned.offset(), 120'500ms);  // the Date may be up to a second old
    EXPECT_EQ(learned.to_ours(clock.wall() + 200s), clock.wall() + 79'500ms);
}

TEST_F(ClockOffsetTest, KeepsTheSampleWithTheSmallestRoundTrip) {
    truth = 120s;
    exchange(10ms);
    const auto good = learned.offset();
    clock.advance(333ms);
    exchange(800ms);
    EXPECT_EQ(learned.offset(), good);
    clock.advance(333ms);
    exchange(5ms);
    EXPECT_NE(learned.offset(), good);
}

TEST_F(ClockOffsetTest, ForgetsASampleAfterFiveMinutes) {
    exchange(10ms);
    const auto old = learned.offset();
    clock.advance(299s + 300ms);
    exchange(600ms);
    EXPECT_EQ(learned.offset(), old);
    clock.advance(200ms);
    exchange(600ms);
    EXPECT_NE(learned.offset(), old);
}

TEST_F(ClockOffsetTest, NoticesAtOnceThatOurClockWasSet) {
    exchange(1ms);
    clock.set_wall(clock.wall() - 120s);
    truth += 120s;
    exchange(800ms);
    EXPECT_LE(error(), 500ms + 400ms);
    EXPECT_GE(error(), -500ms - 400ms);
}

TEST_F(ClockOffsetTest, MeasuresTheRoundTripOnTheSteadyClock) {
    const Moment sent = clock.now();
    clock.set_wall(clock.wall() - 1h);
    clock.advance(100ms);
    learned.observe(clock.wall(), sent, clock.now());
    EXPECT_LE(learned.offset().value(), 600ms);
    EXPECT_GE(learned.offset().value(), -600ms);
}

TEST_F(ClockOffsetTest, IgnoresDatesThatCannotBe) {
    truth = 24h + 1s;
    exchange();
    EXPECT_FALSE(learned.offset());
    truth = -25h;
    exchange();
    EXPECT_FALSE(learned.offset());
    learned.observe(WallTime{}, clock.now(), clock.now());
    EXPECT_FALSE(learned.offset());
}

TEST_F(ClockOffsetTest, IgnoresAnAnswerFromBeforeItsQuestion) {
    const Moment received = clock.now();
    clock.advance(1s);
    learned.observe(clock.wall(), clock.now(), received);
    EXPECT_FALSE(learned.offset());
}

// Whenever in a round trip the Date was written: who waits until a corrected date plus one second
// is not early, and, with a round trip of no account, at most 1.5 s late.
RC_GTEST_PROP(ClockOffsetProperty, MakesNobodyEarly, ()) {
    test::FakeClock clock;
    clock.advance(std::chrono::milliseconds(*test::uniform(0, 1000)));
    const Duration truth = std::chrono::milliseconds(*test::uniform(-600'000, 600'000));
    const int round_trip = *test::uniform(0, 4000);
    const int until_written = *test::uniform(0, round_trip + 1);

    const Moment sent = clock.now();
    clock.advance(std::chrono::milliseconds(until_written));
    const WallTime date = std::chrono::floor<std::chrono::seconds>(clock.wall() + truth);
    clock.advance(std::chrono::milliseconds(round_trip - until_written));
    ClockOffset learned;
    learned.observe(date, sent, clock.now());

    const WallTime theirs = clock.wall() + 45s;
    const WallTime true_ours = theirs - truth;
    const Duration late = learned.to_ours(theirs) + 1s - true_ours;
    RC_ASSERT(late >= 0s);
    RC_ASSERT(late <= 1500ms + std::chrono::milliseconds(round_trip));
}

}  // namespace
}  // namespace backstop::policy
