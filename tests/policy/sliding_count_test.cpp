#include "policy/sliding_count.hpp"

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
using Cover = SlidingCount::Cover;

TEST(SlidingCount, ForgetsWhatIsOlderThanTheWindow) {
    test::FakeClock clock;
    SlidingCount count(10s, Cover::at_most);
    count.add(clock.steady());
    count.add(clock.steady());
    clock.advance(5s);
    count.add(clock.steady());
    EXPECT_EQ(count.count(clock.steady()), 3u);
    clock.advance(5s);
    EXPECT_EQ(count.count(clock.steady()), 1u);
    clock.advance(1h);
    EXPECT_EQ(count.count(clock.steady()), 0u);
    count.add(clock.steady());
    EXPECT_EQ(count.count(clock.steady()), 1u);
}

TEST(SlidingCount, TakesBackWhatWasAddedThenAndNothingElse) {
    test::FakeClock clock;
    SlidingCount count(10s, Cover::at_least);
    const Instant first = clock.steady();
    count.add(first);
    clock.advance(5s);
    count.add(clock.steady());
    count.remove(first);
    EXPECT_EQ(count.count(clock.steady()), 1u);
    count.remove(first);
    // Moments whose slices share a place with the present one.
    count.remove(clock.steady() + 10'100ms);
    count.remove(clock.steady() - 10'100ms);
    EXPECT_EQ(count.count(clock.steady()), 1u);
}

TEST(SlidingCount, CountsAnOlderMomentAsThePresent) {
    test::FakeClock clock;
    SlidingCount count(10s, Cover::at_most);
    count.add(clock.steady());
    count.add(clock.steady() - 1min);
    EXPECT_EQ(count.count(clock.steady()), 2u);
}

TEST(SlidingCount, WorksOnEitherSideOfTheClocksEpoch) {
    SlidingCount count(10s, Cover::at_most);
    const Instant before = Instant{} - 5s;
    count.add(before);
    EXPECT_EQ(count.count(before), 1u);
    count.add(Instant{} + 2s);
    EXPECT_EQ(count.count(Instant{} + 2s), 2u);
    EXPECT_EQ(count.count(Instant{} + 7s), 1u);

    SlidingCount close_by(10s, Cover::at_most);
    close_by.add(Instant{} - 50ms);
    EXPECT_EQ(close_by.count(Instant{} + 9950ms), 0u);
}

TEST(SlidingCount, BearsAWindowOfNoLength) {
    SlidingCount count(0s, Cover::at_least);
    count.add(Instant{} + 1s);
    EXPECT_EQ(count.count(Instant{} + 2s), 0u);
}

// Compared with a list of all events: never more than one slice off, and to the promised side.
RC_GTEST_PROP(SlidingCountProperty, IsOffByOneSliceAtMost, ()) {
    const Duration window = std::chrono::milliseconds(*test::uniform(100, 30'000));
    SlidingCount most(window, Cover::at_most);
    SlidingCount least(window, Cover::at_least);
    test::FakeClock clock;
    std::vector<Instant> events;
    const auto within = [&](Duration span) {
        return static_cast<std::uint64_t>(std::count_if(
            events.begin(), events.end(), [&](Instant each) { return each > clock.steady() - span; }
        ));
    };
    const Duration slice = window / 100 + 1ns;
    for (const int step : *rc::gen::container<std::vector<int>>(100, test::uniform(0, 50))) {
        if (step < 25) {
            events.push_back(clock.steady());
            most.add(clock.steady());
            least.add(clock.steady());
        } else if (step < 28 && !events.empty()) {
            most.remove(events.back());
            least.remove(events.back());
            events.pop_back();
        } else {
            clock.advance(window * (step - 28) * (step - 28) / 500);
        }
        RC_ASSERT(most.count(clock.steady()) <= within(window));
        RC_ASSERT(most.count(clock.steady()) >= within(window - slice));
        RC_ASSERT(least.count(clock.steady()) >= within(window));
        RC_ASSERT(least.count(clock.steady()) <= within(window + 2 * slice));
    }
}

}  // namespace
}  // namespace backstop::policy
