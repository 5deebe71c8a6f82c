#include "policy/pacer.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/uniform.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using State = RateLimitTracker::State;

class Pace : public ::testing::Test {
protected:
    Duration delay(const std::optional<State>& state) const {
        return Pacer::delay(options, state, 60s, clock.now());
    }

    Pacer::Options options;
    test::FakeClock clock;
};

using PacerTest = Pace;

TEST_F(PacerTest, HoldsNobodyWhileNothingIsObserved) {
    EXPECT_EQ(delay(std::nullopt), 0s);
    EXPECT_EQ(delay(State{.limit = 100}), 0s);
}

TEST_F(PacerTest, BeginsPastNinetyPercentOfTheLimit) {
    EXPECT_EQ(delay(State{.limit = 600, .remaining = 60}), 0s);
    EXPECT_EQ(delay(State{.limit = 600, .remaining = 59}), 1s);
}

TEST_F(PacerTest, BeginsUnderTenRemaining) {
    EXPECT_EQ(delay(State{.remaining = 10}), 0s);
    EXPECT_EQ(delay(State{.remaining = 9}), 1s);
    EXPECT_EQ(delay(State{.limit = 20, .remaining = 9}), 1s);
}

TEST_F(PacerTest, BeginsWhereTheApiItselfSaysHowMuchIsUsed) {
    EXPECT_EQ(delay(State{.limit = 600, .remaining = 60, .used = 541}), 1s);
}

TEST_F(PacerTest, SharesTheWindowAmongWhatRemains) {
    EXPECT_EQ(delay(State{.limit = 10'000, .remaining = 600}), 100ms);
    const State resets_soon{.limit = 3000, .remaining = 200, .reset = clock.wall() + 10s};
    EXPECT_EQ(delay(resets_soon), 50ms);
}

TEST_F(PacerTest, HoldsForOneSecondAtMost) {
    EXPECT_EQ(delay(State{.limit = 100, .remaining = 1}), 1s);
    EXPECT_EQ(delay(State{.limit = 100, .remaining = 0}), 1s);
    EXPECT_EQ(delay(State{.limit = 100, .remaining = -61}), 1s);
}

TEST_F(PacerTest, HoldsNoLongerThanTheWindowHasLeft) {
    EXPECT_EQ(delay(State{.remaining = 0, .reset = clock.wall() + 300ms}), 300ms);
    EXPECT_EQ(delay(State{.remaining = 0, .reset = clock.wall() - 1s}), 0s);
}

TEST_F(PacerTest, HoldsNobodyWhenDisabled) {
    options.enabled = false;
    EXPECT_EQ(delay(State{.remaining = 0}), 0s);
}

State any_state(Moment now) {
    const double limit = *test::uniform(0, 20'000);
    State state{.limit = limit, .remaining = limit - *test::uniform(0, 22'000)};
    if (*rc::gen::arbitrary<bool>())
        state.reset = now.wall + std::chrono::milliseconds(*test::uniform(-5'000, 120'000));
    return state;
}

RC_GTEST_PROP(PacerProperty, StaysWithinItsBounds, ()) {
    test::FakeClock clock;
    const Pacer::Options options{
        .above = *test::uniform(0, 100) / 100.0,
        .below = *test::uniform(0, 100) * 1.0,
        .max_delay = std::chrono::milliseconds(*test::uniform(0, 5000))};
    const State state = any_state(clock.now());
    const Duration window = std::chrono::seconds(*test::uniform(1, 3600));
    const Duration delay = Pacer::delay(options, state, window, clock.now());
    RC_ASSERT(delay >= 0s);
    RC_ASSERT(delay <= options.max_delay);
    if (state.reset) RC_ASSERT(clock.wall() + delay <= std::max(*state.reset, clock.wall()));
}

RC_GTEST_PROP(PacerProperty, NeverHoldsShorterWhenLessRemains, ()) {
    test::FakeClock clock;
    const State more = any_state(clock.now());
    State less = more;
    *less.remaining -= *test::uniform(0, 1000);
    const auto delay = [&](const State& state) {
        return Pacer::delay(Pacer::Options{}, state, 60s, clock.now());
    };
    RC_ASSERT(delay(less) >= delay(more));
}

}  // namespace
}  // namespace backstop::policy
