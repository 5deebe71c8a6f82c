#include "policy/backoff.hpp"

#include "tests/support/uniform.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesFromOneSecondUpToTheLongest) {
    const Backoff::Options options;
    EXPECT_EQ(Backoff::floor(options, 1), 1s);
    EXPECT_EQ(Backoff::floor(options, 2), 2s);
    EXPECT_EQ(Backoff::floor(options, 3), 4s);
    EXPECT_EQ(Backoff::floor(options, 6), 32s);
    EXPECT_EQ(Backoff::floor(options, 7), 60s);
}

TEST(Backoff, AddsJitterOnTopOfTheFloorOnly) {
    const Backoff::Options options;
    EXPECT_EQ(Backoff::delay(options, 1, 0.0), 1s);
    EXPECT_EQ(Backoff::delay(options, 1, 0.5), 1500ms);
    EXPECT_EQ(Backoff::delay(options, 7, 0.25), 60'250ms);
}

TEST(Backoff, StaysAtTheLongestHoweverOftenItIsAsked) {
    EXPECT_EQ(Backoff::floor({}, 1'000'000), 60s);
    EXPECT_EQ(Backoff::floor({.base = 1h, .max = 60s}, 1), 60s);
}

TEST(Backoff, TakesARetryBelowOneForTheFirst) {
    EXPECT_EQ(Backoff::floor({}, 0), 1s);
    EXPECT_EQ(Backoff::floor({}, -7), 1s);
}

TEST(Backoff, IsNothingWithoutABase) {
    EXPECT_EQ(Backoff::floor({.base = 0s}, 1), 0s);
    EXPECT_EQ(Backoff::floor({.base = 0s}, 1'000'000), 0s);
}

Backoff::Options any_options() {
    return {
        .base = std::chrono::milliseconds(*test::uniform(0, 100'000)),
        .factor = *test::uniform(100, 1000) / 100.0,
        .max = std::chrono::milliseconds(*test::uniform(0, 1'000'000)),
        .jitter = std::chrono::milliseconds(*test::uniform(0, 10'000))};
}

RC_GTEST_PROP(BackoffProperty, NeverLessThanTheFloorNorMoreThanFloorAndJitter, ()) {
    const Backoff::Options options = any_options();
    const int retry = *test::uniform(1, 2000);
    const double roll = *test::uniform(0, 1'000'000) / 1e6;
    const Duration floor = Backoff::floor(options, retry);
    const Duration delay = Backoff::delay(options, retry, roll);
    RC_ASSERT(floor >= 0s);
    RC_ASSERT(floor <= options.max);
    RC_ASSERT(delay >= floor);
    RC_ASSERT(delay <= floor + options.jitter);
}

RC_GTEST_PROP(BackoffProperty, NeverFallsFromOneRetryToTheNext, ()) {
    const Backoff::Options options = any_options();
    const int retry = *test::uniform(1, 2000);
    RC_ASSERT(Backoff::floor(options, retry) <= Backoff::floor(options, retry + 1));
}

}  // namespace
}  // namespace backstop::policy
