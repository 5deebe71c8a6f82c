// The 409 that proves that an earlier attempt had succeeded: "original request succeeded", as the
// Sticky Calls guide has it, where the request carried an idempotency key.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;

Settings keyed_start() {
    Settings settings;
    settings.route.keyed = true;
    settings.route.fallbacks = {
        test::fallback_on({Reason::server_error, Reason::unreachable, Reason::conflict_resolved})};
    return settings;
}

constexpr Request start{.method = "POST", .key = KeySource::minted};

TEST(PlanConflict, IsTheApisAnswerOnTheFirstAttempt) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.upstream_answers(409);
    scenario.expect_deliver(Reason::rejected);
    EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::none);
    scenario.replay_failing_everywhere();
}

TEST(PlanConflict, ResolvesAnAmbiguousAttemptThatWasWrittenWhole) {
    for (const Failure& failure :
         {test::broken_connection(), test::timed_out(), test::truncated_response()}) {
        Scenario scenario(start, keyed_start());
        scenario.expect_send(1);
        scenario.upstream_fails(failure);
        scenario.wake();
        scenario.expect_send(2);
        scenario.upstream_answers(409);
        EXPECT_FALSE(scenario.expect_fallback(Reason::conflict_resolved).outcome_unknown);
        EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::resolved);
        scenario.replay_failing_everywhere();
    }
}

TEST(PlanConflict, ResolvesAnAttemptFromBeforeTheStoryBegan) {
    Request later = start;
    later.earlier = {.attempts = 1, .unknown = true};
    Scenario scenario(later, keyed_start());
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_fallback(Reason::conflict_resolved);
    EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::resolved);
}

TEST(PlanConflict, CountsTheAttemptsFromBeforeTheStoryBegan) {
    Scenario scenario({.method = "GET", .earlier = {.attempts = 2}});
    scenario.expect_send(3);
    scenario.upstream_answers(503);
    EXPECT_TRUE(scenario.expect_deliver(Reason::server_error).final_failure);
    EXPECT_EQ(scenario.record().denied, Denied::attempts);
}

TEST(PlanConflict, ResolvesAServerError) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_fallback(Reason::conflict_resolved);
}

TEST(PlanConflict, ResolvesAcrossARefusal) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.upstream_fails(test::timed_out());
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(429);
    scenario.wake();
    scenario.expect_send(3);
    scenario.upstream_answers(409);
    scenario.expect_fallback(Reason::conflict_resolved);
}

TEST(PlanConflict, ResolvesALostRaceThatWasWrittenWhole) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_fresh_send(1);
    scenario.upstream_answers(409);
    scenario.expect_fallback(Reason::conflict_resolved);
}

TEST(PlanConflict, ProvesNothingAfterARefusal) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.upstream_answers(429);
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_deliver(Reason::rejected);
}

TEST(PlanConflict, ProvesNothingWhenNothingWasSent) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.upstream_fails(test::refused_connection());
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_deliver(Reason::rejected);
}

TEST(PlanConflict, ProvesNothingAfterARequestThatWasCutShort) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.upstream_fails(test::failure_at(Stage::send));
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_deliver(Reason::rejected);
}

TEST(PlanConflict, ProvesNothingAfterAnEarlyAnswer) {
    Scenario scenario(start, keyed_start());
    scenario.expect_send(1);
    scenario.happens({.status = 503, .written_all = false});
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_deliver(Reason::rejected);
}

TEST(PlanConflict, ProvesNothingWithoutAKey) {
    Settings settings = keyed_start();
    settings.route.idempotent = true;
    Scenario scenario({.method = "POST"}, settings);
    scenario.expect_send(1);
    scenario.upstream_fails(test::broken_connection());
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_deliver(Reason::rejected);
}

TEST(PlanConflict, IsDeliveredWhereTheRouteHasNoFallbackForIt) {
    Settings settings = keyed_start();
    settings.route.fallbacks.clear();
    Scenario scenario(start, settings);
    scenario.expect_send(1);
    scenario.upstream_fails(test::broken_connection());
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_answers(409);
    scenario.expect_deliver(Reason::conflict_resolved);
    EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::resolved);
}

}  // namespace
}  // namespace backstop::policy
