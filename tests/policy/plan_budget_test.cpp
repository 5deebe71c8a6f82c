// The retry budget: reserved when a retry is decided, given back when it is not made.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

// One retry, and then none for a long time.
Settings poor() {
    Settings settings;
    settings.retry.budget = {.ratio = 0, .per_second = 0.1, .window = 10s};
    return settings;
}

double tokens(World& world) {
    return world.standing.budget.tokens(world.clock.steady());
}

TEST(PlanBudget, EndsTheExchangeWithWhatItHas) {
    World world(poor());
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(500);
    first.expect_asleep(1s, WaitSource::backoff);
    Scenario second(world, {.method = "GET"});
    second.expect_send(1);
    second.upstream_answers(500);
    EXPECT_FALSE(second.expect_deliver(Reason::server_error).final_failure);
    EXPECT_EQ(second.record().denied, Denied::budget);
    EXPECT_TRUE(second.record().retries.empty());
}

TEST(PlanBudget, CostsNothingAfterA429) {
    World world(poor());
    Scenario spender(world, {.method = "GET"});
    spender.expect_send(1);
    spender.upstream_answers(500);
    EXPECT_LT(tokens(world), 1);
    Scenario limited(world, {.method = "GET"});
    limited.expect_send(1);
    limited.upstream_answers(429, {{"retry-after", "3"}});
    limited.expect_wait(3050ms, WaitSource::header);
    limited.expect_send(2);
}

TEST(PlanBudget, IsRefundedByAClientThatLeaves) {
    World world(poor());
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(500);
    EXPECT_LT(tokens(world), 1);
    first.client_leaves();
    EXPECT_GE(tokens(world), 1);
}

TEST(PlanBudget, IsRefundedWhenTheGatesRefuse) {
    World world(poor());
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(500);
    first.plan().drain(world.clock.steady() + 500ms);
    first.wake_early();
    EXPECT_GE(tokens(world), 1);
}

TEST(PlanBudget, IsSpentByARetryThatIsMade) {
    World world(poor());
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(500);
    first.expect_wait(1s, WaitSource::backoff);
    first.expect_send(2);
    first.client_leaves();
    EXPECT_LT(tokens(world), 1);
}

TEST(PlanBudget, GrowsWithEachRequest) {
    Settings settings;
    settings.retry.budget = {.ratio = 0.5, .per_second = 0, .window = 10s};
    World world(settings);
    for (int i = 0; i < 2; ++i) {
        Scenario scenario(world, {.method = "GET"});
        scenario.expect_send(1);
        scenario.upstream_answers(200);
    }
    EXPECT_EQ(tokens(world), 1);
}

TEST(PlanBudget, DoesNotGrowWithRequestsThatAreNotSent) {
    Settings settings;
    settings.retry.budget = {.ratio = 1, .per_second = 0, .window = 10s};
    World world(settings);
    Scenario late(world, {.method = "GET", .timeout_wish = 0ms});
    late.expect_error(504, Reason::timeout);
    EXPECT_EQ(tokens(world), 0);
}

TEST(PlanBudget, ServesTheFallbackWhenItIsEmpty) {
    Settings settings = poor();
    settings.retry.budget.per_second = 0;
    settings.route.fallbacks = {test::fallback_on({Reason::server_error})};
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_fallback(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::budget);
    scenario.replay_failing_everywhere();
}

}  // namespace
}  // namespace backstop::policy
