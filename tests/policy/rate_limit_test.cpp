#include "policy/rate_limit.hpp"

#include "tests/support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

class RateLimit : public ::testing::Test {
protected:
    void observe(const RateLimitTracker::Observation& what) { tracker.observe(what, clock.now()); }
    std::optional<RateLimitTracker::State> state() const { return tracker.state(clock.now()); }
    std::optional<double> used_ratio() const { return tracker.used_ratio(clock.now()); }

    test::FakeClock clock;
    RateLimitTracker tracker{60s};
};

TEST_F(RateLimit, IsAbsentUntilObserved) {
    EXPECT_FALSE(state());
    EXPECT_FALSE(tracker.last());
    EXPECT_FALSE(used_ratio());
    observe({});
    EXPECT_FALSE(state());
}

TEST_F(RateLimit, KnowsWhatWasObservedLast) {
    observe({.limit = 100, .remaining = 40});
    observe({.limit = 100, .remaining = 39, .reset = clock.wall() + 30s});
    ASSERT_TRUE(state());
    EXPECT_EQ(state()->limit, 100);
    EXPECT_EQ(state()->remaining, 39);
    EXPECT_EQ(state()->reset, clock.wall() + 30s);
    EXPECT_EQ(state()->observed.steady, clock.steady());
    EXPECT_DOUBLE_EQ(used_ratio().value(), 0.61);
}

TEST_F(RateLimit, IsOverAtTheReset) {
    observe({.remaining = 40, .reset = clock.wall() + 30s});
    clock.advance(30s - 1ns);
    EXPECT_TRUE(state());
    clock.advance(1ns);
    EXPECT_FALSE(state());
    EXPECT_FALSE(used_ratio());
    EXPECT_EQ(tracker.last()->remaining, 40);  // for the gauges
}

TEST_F(RateLimit, IsOverOneWindowAfterTheObservationWithoutAReset) {
    observe({.remaining = 40});
    clock.advance(60s - 1ns);
    EXPECT_TRUE(state());
    clock.advance(1ns);
    EXPECT_FALSE(state());
}

TEST_F(RateLimit, IsNotOverWhenSomebodySetsTheTimeOfDay) {
    observe({.remaining = 40, .reset = clock.wall() + 30s});
    clock.set_wall(clock.wall() + 1h);
    EXPECT_TRUE(state());
    clock.set_wall(clock.wall() - 48h);
    clock.advance(30s);
    EXPECT_FALSE(state());
}

TEST_F(RateLimit, DerivesWhatRemainsFromWhatIsUsed) {
    observe({.limit = 600, .used = 540});
    EXPECT_EQ(state()->remaining, 60);
    EXPECT_DOUBLE_EQ(used_ratio().value(), 0.9);
}

TEST_F(RateLimit, ShowsTheGraceZoneAsMoreThanOne) {
    observe({.limit = 600, .used = 661});
    EXPECT_EQ(state()->remaining, 0);
    EXPECT_DOUBLE_EQ(used_ratio().value(), 661.0 / 600.0);
    observe({.limit = 600, .remaining = 0, .used = 650});
    EXPECT_DOUBLE_EQ(used_ratio().value(), 650.0 / 600.0);
}

TEST_F(RateLimit, ForgetsWhatWasUsedWhenOnlyTheRemainingIsToldNext) {
    observe({.limit = 600, .used = 661});
    observe({.limit = 600, .remaining = 590});
    EXPECT_DOUBLE_EQ(used_ratio().value(), 10.0 / 600.0);
}

TEST_F(RateLimit, KeepsWhatAnObservationLeavesOut) {
    observe({.limit = 300, .remaining = 5});
    observe({.reset = clock.wall() + 20s});
    EXPECT_EQ(state()->remaining, 5);
    EXPECT_EQ(state()->limit, 300);
    EXPECT_EQ(state()->reset, clock.wall() + 20s);
}

// One 429 with an absurd reset, then answers that tell how things stand.
TEST_F(RateLimit, BeginsAnewWithNumbersThatComeWithoutAReset) {
    observe({.limit = 300, .used = 300, .reset = clock.wall() + 40000s});
    clock.advance(1s);
    observe({.limit = 300, .remaining = 299});
    EXPECT_FALSE(state()->reset);
    EXPECT_DOUBLE_EQ(used_ratio().value(), 1.0 / 300.0);
    clock.advance(60s);
    EXPECT_FALSE(state());
}

TEST_F(RateLimit, KeepsOnlyTheLimitForNumbersThatComeWithoutAReset) {
    observe({.limit = 300, .remaining = 5, .reset = clock.wall() + 20s});
    observe({.used = 6});
    EXPECT_EQ(state()->limit, 300);
    EXPECT_EQ(state()->remaining, 294);
    EXPECT_FALSE(state()->reset);
    observe({.limit = 200});
    EXPECT_EQ(state()->limit, 200);
    EXPECT_FALSE(used_ratio());
}

TEST_F(RateLimit, IsNotChangedByAnAnswerThatTellsNothing) {
    observe({.limit = 300, .remaining = 5, .reset = clock.wall() + 40000s});
    clock.advance(1s);
    observe({});
    EXPECT_EQ(state()->remaining, 5);
    EXPECT_EQ(state()->reset, clock.wall() + 39999s);
}

TEST_F(RateLimit, KeepsOnlyTheLimitFromAWindowThatIsOver) {
    observe({.limit = 300, .remaining = 5, .reset = clock.wall() + 20s});
    clock.advance(20s);
    observe({.reset = clock.wall() + 20s});
    EXPECT_EQ(state()->limit, 300);
    EXPECT_FALSE(state()->remaining);
    EXPECT_FALSE(used_ratio());
}

TEST_F(RateLimit, TakesAResetInThePastForNone) {
    observe({.remaining = 5, .reset = clock.wall()});
    ASSERT_TRUE(state());
    EXPECT_FALSE(state()->reset);
    clock.advance(59s);
    EXPECT_TRUE(state());
}

TEST_F(RateLimit, IgnoresNumbersThatCannotBe) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    observe({.limit = nan, .remaining = infinity, .used = -1});
    observe({.limit = -5});
    EXPECT_FALSE(tracker.last());
    observe({.limit = 100, .remaining = nan});
    EXPECT_FALSE(state()->remaining);
}

TEST_F(RateLimit, HasNoRatioWithoutALimitAboveZero) {
    observe({.limit = 0, .remaining = 0});
    EXPECT_FALSE(used_ratio());
    observe({.remaining = 7});
    EXPECT_FALSE(used_ratio());
}

TEST_F(RateLimit, TakesItsWindowFromAReload) {
    tracker.reconfigure(10s);
    observe({.remaining = 40});
    clock.advance(10s);
    EXPECT_FALSE(state());
}

}  // namespace
}  // namespace backstop::policy
