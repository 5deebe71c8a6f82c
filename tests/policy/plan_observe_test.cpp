// Mode `observe`: everything is decided and recorded, and the request goes out just once, as it
// came.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

Settings observing() {
    Settings settings;
    settings.mode = Mode::observe;
    return settings;
}

TEST(PlanObserve, SendsOnceAndPassesOnWhatComes) {
    Settings settings = observing();
    settings.route.fallbacks = {test::fallback_on({Reason::server_error})};
    settings.route.attempts = 1;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1, 60s);  // all the time there is
    scenario.upstream_answers(500, {}, R"({"retry_after": 5})");
    EXPECT_EQ(scenario.expect_deliver(Reason::server_error).retry_after, std::nullopt);
    const auto& foregone = scenario.record().foregone;
    ASSERT_EQ(foregone.size(), 1u);
    EXPECT_TRUE(foregone[0].fallback);
    EXPECT_EQ(foregone[0].reason, Reason::server_error);
    scenario.replay_failing_everywhere();
}

TEST(PlanObserve, NotesTheRetryThatItWouldHaveMade) {
    World world(observing());
    const double tokens = world.standing.budget.tokens(world.clock.steady());
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);
    const Record& record = scenario.record();
    ASSERT_EQ(record.foregone.size(), 1u);
    EXPECT_EQ(record.foregone[0].wait, 1s);
    EXPECT_EQ(record.foregone[0].source, WaitSource::backoff);
    ASSERT_EQ(record.retries.size(), 1u);
    EXPECT_FALSE(record.retries[0].made);
    EXPECT_GE(world.standing.budget.tokens(world.clock.steady()), tokens);
}

TEST(PlanObserve, PassesAClosedGate) {
    World world(observing());
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(429, {{"retry-after", "30"}});
    first.expect_deliver(Reason::rate_limited);
    EXPECT_TRUE(world.gate().closed(world.clock.steady()));
    Scenario second(world, {.method = "GET"});
    second.expect_send(1);
    EXPECT_EQ(world.gate().waiting(), 0);
    ASSERT_EQ(second.record().foregone.size(), 1u);
    EXPECT_EQ(second.record().foregone[0].wait, 30s);
    EXPECT_EQ(second.record().foregone[0].source, WaitSource::gate);
}

TEST(PlanObserve, PassesAnOpenBreaker) {
    Settings settings = observing();
    settings.breaker.consecutive_failures = 1;
    World world(settings);
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(500);
    Scenario second(world, {.method = "GET"});
    second.expect_send(1);
    ASSERT_EQ(second.record().foregone.size(), 1u);
    EXPECT_EQ(second.record().foregone[0].reason, Reason::circuit_open);
    EXPECT_EQ(second.record().denied, std::nullopt);
}

TEST(PlanObserve, TellsTheBreakerAlsoOfARequestThatItWouldHaveHeld) {
    Settings settings = observing();
    settings.breaker.consecutive_failures = 1;
    World world(settings);
    world.gate().close(world.clock.steady() + 10s, Gate::Kind::rate, world.clock.steady());
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    EXPECT_EQ(world.standing.breaker.state(world.clock.steady()), CircuitBreaker::State::open);
}

TEST(PlanObserve, AnswersItselfOnlyWhereNothingCame) {
    Scenario scenario({.method = "POST"}, observing());
    scenario.expect_send(1);
    scenario.upstream_fails(test::broken_connection());
    EXPECT_TRUE(scenario.expect_error(502, Reason::unreachable).outcome_unknown);
    scenario.replay_failing_everywhere();
}

TEST(PlanObserve, RunsNoRace) {
    Scenario scenario({.method = "GET"}, observing());
    scenario.expect_fresh_send(1);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_error(502, Reason::unreachable);
}

TEST(PlanObserve, NotesNothingWhereNothingWouldBeDone) {
    Scenario scenario({.method = "GET"}, observing());
    scenario.expect_send(1);
    scenario.upstream_answers(404);
    scenario.expect_deliver(Reason::rejected);
    EXPECT_TRUE(scenario.record().foregone.empty());
}

}  // namespace
}  // namespace backstop::policy
