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
