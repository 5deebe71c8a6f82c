#include "policy/quota.hpp"

#include "tests/support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

TEST(QuotaTracker, IsAbsentUntilObserved) {
    EXPECT_FALSE(QuotaTracker().last());
}

TEST(QuotaTracker, KnowsWhatWasObservedLastAndWhen) {
    test::FakeClock clock;
    QuotaTracker quota;
    quota.observe(120, clock.now());
    clock.advance(1h);
    quota.observe(0, clock.now());
    EXPECT_EQ(quota.last()->remaining, 0);
    EXPECT_EQ(quota.last()->observed.wall, clock.wall());
    EXPECT_EQ(quota.last()->observed.steady, clock.steady());
}

}  // namespace
}  // namespace backstop::policy
