// What a client asks for by Backstop-Timeout and Backstop-Attempts-Max: never more than the route
// grants.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;

TEST(PlanClientWishes, LowerTheDeadline) {
    Scenario scenario({.method = "GET", .timeout_wish = 1500ms});
    scenario.expect_send(1, 1500ms);
    scenario.takes(300ms);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);  // 1 s of backoff would leave 200 ms
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
    scenario.replay_failing_everywhere();
}

// One impatient caller is no outage for the others.
TEST(PlanClientWishes, AreNotHeldAgainstTheUpstream) {
    test::World world;
    for (int i = 0; i < 20; ++i) {
        Scenario hurried(world, {.method = "POST", .timeout_wish = 100ms});
        hurried.expect_send(1, 100ms);
        hurried.takes(100ms);
        hurried.upstream_fails({.stage = Stage::await_head, .kind = FailureKind::timeout});
    }
    Scenario(world, {.method = "GET"}).expect_send(1);
}

TEST(PlanClientWishes, ExcuseNothingThatTookLessThanTheyGave) {
    test::World world({.breaker = {.consecutive_failures = 1}});
    Scenario hurried(world, {.method = "POST", .timeout_wish = 100ms});
    hurried.takes(50ms);
    hurried.upstream_fails({.stage = Stage::await_head, .kind = FailureKind::reset});
    Scenario(world, {.method = "GET"}).expect_error(503, Reason::circuit_open);
}

TEST(PlanClientWishes, ExcuseNoTimeoutOfAWholeAttempt) {
    test::World world({.breaker = {.consecutive_failures = 1}});
    Scenario patient(world, {.method = "POST", .timeout_wish = 30s});
    patient.expect_send(1, 10s);
    patient.takes(10s);
    patient.upstream_fails({.stage = Stage::await_head, .kind = FailureKind::timeout});
    Scenario(world, {.method = "GET"}).expect_error(503, Reason::circuit_open);
}

TEST(PlanClientWishes, NeverRaiseTheDeadline) {
    Scenario scenario({.method = "GET", .timeout_wish = 1h});
    scenario.expect_send(1, 10s);
    EXPECT_EQ(scenario.plan().deadline(), std::get<Send>(scenario.step()).give_up_at + 50s);
}

TEST(PlanClientWishes, LowerTheAttempts) {
    Scenario scenario({.method = "GET", .attempts_wish = 1});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    EXPECT_FALSE(scenario.expect_deliver(Reason::server_error).final_failure);
    EXPECT_EQ(scenario.record().denied, Denied::attempts);
    scenario.replay_failing_everywhere();
}

TEST(PlanClientWishes, NeverRaiseTheAttempts) {
    Scenario scenario({.method = "GET", .attempts_wish = 9});
    for (int attempt = 1; attempt <= 3; ++attempt) {
        scenario.expect_send(attempt);
        scenario.upstream_answers(500);
        scenario.wake();
    }
    scenario.expect_deliver(Reason::server_error);
}

TEST(PlanClientWishes, GetAtLeastOneAttempt) {
    for (const int wish : {0, -3}) {
        Scenario scenario({.method = "GET", .attempts_wish = wish});
        scenario.expect_send(1);
    }
}

TEST(PlanClientWishes, TakeNoNegativeTime) {
    Scenario scenario({.method = "GET", .timeout_wish = -1s});
    scenario.expect_error(504, Reason::timeout);
}

}  // namespace
}  // namespace backstop::policy
