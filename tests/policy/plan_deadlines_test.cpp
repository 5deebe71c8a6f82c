// The deadline: what is not begun, what is cut short, and when it starts anew.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

Settings in_a_hurry() {
    Settings settings;
    settings.route.deadline = 5s;
    settings.route.attempt = 2s;
    return settings;
}

TEST(PlanDeadlines, GivesAnAttemptWhatIsLeftAtMost) {
    Scenario scenario({.method = "GET"}, in_a_hurry());
    scenario.expect_send(1, 2s);
    scenario.takes(2s);
    scenario.upstream_fails(test::timed_out());
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2, 2s);  // from 3 s to the deadline
    scenario.takes(1900ms);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
    scenario.replay_failing_everywhere();
}

TEST(PlanDeadlines, DoesNotBeginAWaitThatLeavesNoTimeForAnAttempt) {
    Scenario scenario({.method = "GET"}, in_a_hurry());
    scenario.expect_send(1);
    scenario.takes(751ms);
    scenario.upstream_answers(503, {{"retry-after", "4"}});  // until 4.801 s: 199 ms would be left
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
    EXPECT_TRUE(scenario.record().retries.empty());
}

TEST(PlanDeadlines, BeginsAWaitThatLeavesAQuarterOfASecond) {
    Scenario scenario({.method = "GET"}, in_a_hurry());
    scenario.expect_send(1);
    scenario.takes(700ms);
    scenario.upstream_answers(503, {{"retry-after", "4"}});  // until 4.75 s
    scenario.expect_wait(4050ms, WaitSource::header);
    scenario.expect_send(2, 250ms);
}

TEST(PlanDeadlines, CountsTheJitterOfAWait) {
    World world(in_a_hurry());
    world.rolls({0.5});
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.takes(700ms);
    scenario.upstream_answers(503, {{"retry-after", "4"}});
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
}

TEST(PlanDeadlines, IsATimeoutWhenNothingCameInTime) {
    Scenario scenario({.method = "POST"}, in_a_hurry());
    scenario.expect_send(1);
    scenario.takes(2s);
    scenario.upstream_fails(test::timed_out());
    EXPECT_TRUE(scenario.expect_error(504, Reason::timeout).outcome_unknown);
}

TEST(PlanDeadlines, SendsNothingThatIsLate) {
    Scenario scenario({.method = "GET", .timeout_wish = 0ms});
    scenario.expect_error(504, Reason::timeout);
    EXPECT_EQ(scenario.record().counted_attempts(), 0);
}

TEST(PlanDeadlines, SendsNothingAfterALateAwakening) {
    World world(in_a_hurry());
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_asleep(1s, WaitSource::backoff);
    world.clock.advance(5s);  // the process was stopped, say
    scenario.wake_early();
    scenario.expect_error(504, Reason::timeout);
    EXPECT_FALSE(scenario.record().retries.front().made);
}

TEST(PlanDeadlines, RunsFromTheEndOfABodyThatCannotBeKept) {
    World world(in_a_hurry());
    Scenario scenario(world, {.method = "POST", .body_kept = false});
    scenario.expect_send(1, 2s);
    world.clock.advance(90s);  // a long upload
    const Instant give_up_at = scenario.plan().restart_deadline(world.clock.now());
    EXPECT_EQ(give_up_at - world.clock.steady(), 2s);
    EXPECT_EQ(scenario.plan().deadline() - world.clock.steady(), 5s);
    scenario.takes(1s);
    scenario.upstream_answers(200);
    scenario.expect_deliver(Reason::succeeded);
}

TEST(PlanDeadlines, RunsAnewWithTheClientsOwnPatience) {
    World world(in_a_hurry());
    Scenario scenario(world, {.method = "POST", .body_kept = false, .timeout_wish = 1500ms});
    scenario.expect_send(1, 1500ms);
    world.clock.advance(10s);
    const Instant give_up_at = scenario.plan().restart_deadline(world.clock.now());
    EXPECT_EQ(give_up_at - world.clock.steady(), 1500ms);
}

}  // namespace
}  // namespace backstop::policy
