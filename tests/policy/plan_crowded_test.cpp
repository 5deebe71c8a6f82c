// A Send that could not be carried out, for lack of a connection or of anybody who waits: no
// attempt, and nothing that the upstream has done.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

// Until the deadline of a minute.
void pool_stays_full(Scenario& scenario) {
    for (int i = 0; i < 6; ++i)
        scenario.pool_stays_full();
}

TEST(PlanCrowded, WaitsInLineUntilTheDeadline) {
    Scenario scenario;
    for (int i = 0; i < 6; ++i) {
        scenario.expect_send(1, 10s);
        scenario.pool_stays_full();
    }
    scenario.expect_error(503, Reason::timeout);
}

TEST(PlanCrowded, IsSentOnceThereIsRoom) {
    Scenario scenario;
    scenario.pool_stays_full();
    scenario.expect_send(1, 10s);
    scenario.upstream_answers(200);
    scenario.expect_deliver(Reason::succeeded);
    EXPECT_EQ(scenario.record().counted_attempts(), 1);
}

TEST(PlanCrowded, MindsTheGateMeanwhile) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    Scenario other(world, {.method = "GET", .attempts_wish = 1});
    other.upstream_answers(429, {{"retry-after", "15"}});
    scenario.pool_stays_full();
    EXPECT_TRUE(std::holds_alternative<Wait>(scenario.step()));
}

TEST(PlanCrowded, IsAnErrorOfOurOwnMaking) {
    Scenario scenario;
    pool_stays_full(scenario);
    const Substitute& error = scenario.expect_error(503, Reason::timeout);
    EXPECT_TRUE(error.crowded);
    EXPECT_EQ(error.retry_after, 1s);
    EXPECT_EQ(scenario.record().denied, Denied::queue);
    EXPECT_TRUE(scenario.record().attempts.empty());
}

TEST(PlanCrowded, IsServedByTheFallbackForTimeouts) {
    Settings settings;
    settings.route.fallbacks = {test::fallback_on({Reason::timeout})};
    Scenario scenario({.method = "POST"}, settings);
    pool_stays_full(scenario);
    scenario.expect_fallback(Reason::timeout);
}

TEST(PlanCrowded, SaysNothingToTheBreaker) {
    World world;
    for (int i = 0; i < 20; ++i)
        Scenario(world, {.method = "GET", .timeout_wish = 1s}).pool_stays_full();
    Scenario(world, {.method = "GET"}).expect_send(1);
}

TEST(PlanCrowded, GivesAProbeBack) {
    World world({.breaker = {.consecutive_failures = 1}});
    Scenario first(world, {.method = "POST"});
    first.upstream_answers(500);
    world.clock.advance(1min);
    Scenario(world, {.method = "GET", .timeout_wish = 1s}).pool_stays_full();
    Scenario(world, {.method = "GET"}).expect_send(1);
}

TEST(PlanCrowded, LeavesTheAnswerOfTheAttemptBefore) {
    Scenario scenario;
    scenario.upstream_answers_whole(500);
    scenario.wake();
    scenario.expect_send(2);
    while (std::holds_alternative<Send>(scenario.step()))
        scenario.pool_stays_full();
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().attempts.size(), 1U);
    EXPECT_FALSE(scenario.record().retries.back().made);
}

TEST(PlanCrowded, IsOneWithoutAFallbackWhereWeOnlyObserve) {
    Settings settings{.mode = Mode::observe};
    settings.route.fallbacks = {test::fallback_on({Reason::timeout})};
    Scenario scenario({.method = "GET"}, settings);
    scenario.pool_stays_full();  // an attempt may take until the deadline there
    scenario.expect_error(503, Reason::timeout);
}

TEST(PlanCrowded, IsTheEndOfTheDrainTimeWhereThatIsOver) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.plan().drain(world.clock.now().steady + 5s);
    scenario.pool_stays_full();
    scenario.expect_error(503, Reason::draining);
}

TEST(PlanUnsent, CountsForNothingOnceNobodyWaits) {
    World world({.breaker = {.consecutive_failures = 1}});
    Scenario first(world, {.method = "POST"});
    first.upstream_answers(500);
    world.clock.advance(1min);
    Scenario second(world, {.method = "GET"});
    second.expect_send(1);
    second.plan().unsent(world.clock.now());
    EXPECT_TRUE(second.record().attempts.empty());
    Scenario(world, {.method = "GET"}).expect_send(1);  // the probe was given back
}

}  // namespace
}  // namespace backstop::policy
