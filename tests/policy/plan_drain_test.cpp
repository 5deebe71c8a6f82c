// The process is about to exit: nobody sleeps past the end, and everybody gets an answer.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

TEST(PlanDrain, EndsASleepThatWouldLastTooLong) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers_whole(429, {{"retry-after", "30"}});
    scenario.expect_asleep(30050ms, WaitSource::header);
    world.clock.advance(1s);
    scenario.plan().drain(world.clock.steady() + 25s);
    scenario.wake_early();
    EXPECT_FALSE(scenario.expect_deliver(Reason::rate_limited).final_failure);
    EXPECT_EQ(scenario.record().denied, Denied::draining);
}

TEST(PlanDrain, AnswersItselfWhereTheResponseIsGone) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "30"}});
    scenario.plan().drain(world.clock.steady() + 25s);
    scenario.wake_early();
    EXPECT_EQ(scenario.expect_error(503, Reason::draining).retry_after, 30s);
}

TEST(PlanDrain, LetsAShortSleepGoOn) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.plan().drain(world.clock.steady() + 25s);
    scenario.wake_early();
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
}

TEST(PlanDrain, BeginsNoSleepThatWouldLastTooLong) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.plan().drain(world.clock.steady() + 1200ms);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::draining);
}

TEST(PlanDrain, GivesAnAttemptTheTimeThatIsLeft) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.plan().drain(world.clock.steady() + 3s);
    scenario.expect_send(1, 3s);
}

TEST(PlanDrain, EndsAWaitAtTheGate) {
    World world;
    world.gate().close(world.clock.steady() + 30s, Gate::Kind::rate, world.clock.steady());
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_asleep(30s, WaitSource::gate);
    scenario.plan().drain(world.clock.steady() + 25s);
    scenario.wake_early();
    EXPECT_EQ(scenario.expect_error(429, Reason::rate_limited).retry_after, 30s);
    EXPECT_EQ(scenario.record().denied, Denied::draining);
    EXPECT_EQ(world.gate().waiting(), 0);
}

TEST(PlanDrain, SendsNothingOnceItIsOver) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.plan().drain(world.clock.steady());
    scenario.expect_error(503, Reason::draining);
    EXPECT_EQ(scenario.record().denied, Denied::draining);
}

TEST(PlanDrain, ChangesNothingForWhoseDeadlineIsSooner) {
    World world;
    Scenario scenario(world, {.method = "GET", .timeout_wish = 2s});
    scenario.plan().drain(world.clock.steady() + 25s);
    scenario.expect_send(1, 2s);
    scenario.takes(1s);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
}

}  // namespace
}  // namespace backstop::policy
