// Which answer the client gets: the order of answers.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

Settings with_fallback(std::vector<Reason> reasons) {
    Settings settings;
    settings.route.attempts = 1;
    settings.route.fallbacks = {test::fallback_on(std::move(reasons))};
    return settings;
}

const std::vector<Reason> every_reason{
    Reason::unreachable,
    Reason::timeout,
    Reason::server_error,
    Reason::rate_limited,
    Reason::quota_exhausted,
    Reason::circuit_open,
    Reason::conflict_resolved,
};

TEST(PlanFallback, ServesTheReasonsThatItLists) {
    struct Row {
        std::string_view name;
        test::Happening happening;
        Reason reason;
    };
    const std::vector<Row> rows{
        {"refused", {.failure = test::refused_connection()}, Reason::unreachable},
        {"broken", {.failure = test::broken_connection()}, Reason::unreachable},
        {"late", {.failure = test::timed_out()}, Reason::timeout},
        {"500", {.status = 500}, Reason::server_error},
        {"429", {.status = 429}, Reason::rate_limited},
        {"402", {.status = 402}, Reason::quota_exhausted},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        Scenario serves({.method = "GET"}, with_fallback({row.reason}));
        serves.expect_send(1);
        serves.happens(row.happening);
        const Substitute& fallback = serves.expect_fallback(row.reason);
        EXPECT_EQ(fallback.status, 200);
        EXPECT_EQ(fallback.retry_after, std::nullopt);
        serves.replay_failing_everywhere();

        Scenario other({.method = "GET"}, with_fallback({Reason::conflict_resolved}));
        other.expect_send(1);
        other.happens(row.happening);
        const auto* ours = std::get_if<Substitute>(&other.step());
        EXPECT_TRUE(!ours || !ours->fallback);
    }
}

TEST(PlanFallback, ComesAfterTheRetries) {
    Settings settings = with_fallback(every_reason);
    settings.route.attempts = 2;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(500);
    EXPECT_EQ(scenario.expect_fallback(Reason::server_error).received_status, 500);
    scenario.replay_failing_everywhere();
}

TEST(PlanFallback, ComesAtOnceWhenAWaitDoesNotFit) {
    Settings settings = with_fallback(every_reason);
    settings.route.deadline = 5s;
    settings.route.attempts = 3;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(429, {}, R"({"retry_after": 42})");
    scenario.expect_fallback(Reason::rate_limited);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
}

TEST(PlanFallback, NeverHidesWhatHasToBeMended) {
    for (const int status : {400, 401, 403, 404, 409, 422, 405, 410}) {
        SCOPED_TRACE(status);
        Scenario scenario({.method = "GET"}, with_fallback(every_reason));
        scenario.expect_send(1);
        scenario.upstream_answers(status);
        scenario.expect_deliver(Reason::rejected);
        scenario.replay_failing_everywhere();
    }
}

TEST(PlanFallback, NeverHidesWhatHasToBeMendedThoughARuleCallsItTransient) {
    for (const int status : {400, 401, 403, 404, 409, 422}) {
        SCOPED_TRACE(status);
        Settings settings = with_fallback({Reason::server_error, Reason::rejected});
        Rule rule;
        rule.statuses = {status};
        settings.dialect.rules = {rule};
        Scenario scenario({.method = "GET"}, settings);
        scenario.expect_send(1);
        scenario.upstream_answers(status);
        EXPECT_TRUE(std::holds_alternative<Deliver>(scenario.step()));
    }
}

TEST(PlanFallback, NeverHidesWhatHasToBeMendedThoughItBrokeInTheBody) {
    Scenario scenario({.method = "POST"}, with_fallback(every_reason));
    scenario.expect_send(1);
    scenario.upstream_answers(401);
    scenario.expect_deliver(Reason::rejected);
    scenario.upstream_fails(test::truncated_response());
    scenario.expect_error(502, Reason::unreachable);
}

TEST(PlanFallback, NeverReplacesAUsableResponse) {
    Scenario scenario({.method = "GET"}, with_fallback({Reason::succeeded, Reason::rejected}));
    scenario.expect_send(1);
    scenario.upstream_answers(200);
    scenario.expect_deliver(Reason::succeeded);
}

TEST(PlanFallback, IsOffWhereTheUpstreamSaysSo) {
    Settings settings = with_fallback(every_reason);
    settings.fallbacks = false;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);
}

TEST(PlanFallback, SaysThatTheOutcomeIsUnknown) {
    Scenario scenario({.method = "POST"}, with_fallback(every_reason));
    scenario.expect_send(1);
    scenario.upstream_fails(test::timed_out());
    const Substitute& fallback = scenario.expect_fallback(Reason::timeout);
    EXPECT_TRUE(fallback.outcome_unknown);
    EXPECT_EQ(fallback.failure, FailureKind::timeout);
    EXPECT_EQ(fallback.stage, Stage::await_head);
}

// What happens to a response while its retry waits.

struct Shut {
    // A world whose breaker opens while an exchange waits for its second attempt.
    explicit Shut(std::vector<Reason> reasons = {}) : world(settings(std::move(reasons))) {}

    static Settings settings(std::vector<Reason> reasons) {
        Settings settings = with_fallback(std::move(reasons));
        settings.route.attempts = 3;
        settings.breaker.consecutive_failures = 2;
        return settings;
    }

    void shut() {
        const auto ticket = world.standing.breaker.admit(true, world.clock.steady());
        world.standing.breaker.failed(ticket, world.clock.steady());
    }

    World world;
};

TEST(PlanAnswer, IsTheLastResponseIfItWasKept) {
    Shut shut;
    Scenario scenario(shut.world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers_whole(500, {}, R"({"retry_after": 4})");
    scenario.expect_asleep(4050ms, WaitSource::body);
    shut.shut();
    scenario.wake();
    EXPECT_EQ(scenario.expect_deliver(Reason::server_error).retry_after, 0s);
    EXPECT_EQ(scenario.record().denied, Denied::breaker);
    EXPECT_FALSE(scenario.record().retries.front().made);
}

TEST(PlanAnswer, IsAnErrorOfOursIfTheLastResponseIsGone) {
    Shut shut;
    Scenario scenario(shut.world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_asleep(1s, WaitSource::backoff);
    shut.shut();
    scenario.wake();
    const Substitute& error = scenario.expect_error(503, Reason::circuit_open);
    EXPECT_EQ(error.retry_after, 4s);
    EXPECT_EQ(error.received_status, 500);
}

TEST(PlanAnswer, IsTheFallbackForWhatTheLastAttemptCameTo) {
    Shut shut({Reason::server_error});
    Scenario scenario(shut.world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers_whole(500);
    shut.shut();
    scenario.wake();
    scenario.expect_fallback(Reason::server_error);
}

TEST(PlanAnswer, IsTheFallbackForWhatStandsInTheWay) {
    Shut shut({Reason::circuit_open});
    Scenario scenario(shut.world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers_whole(500);
    shut.shut();
    scenario.wake();
    scenario.expect_fallback(Reason::circuit_open);
}

TEST(PlanAnswer, SaysWhenItIsWorthTryingAgain) {
    Settings settings;
    settings.route.attempts = 1;
    settings.breaker.consecutive_failures = 1;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_fails(test::refused_connection());
    EXPECT_EQ(scenario.expect_error(502, Reason::unreachable).retry_after, 5s);
}

TEST(PlanAnswer, InventsNoTimeToTryAgain) {
    Scenario scenario({.method = "GET", .attempts_wish = 1});
    scenario.expect_send(1);
    scenario.upstream_fails(test::refused_connection());
    EXPECT_EQ(scenario.expect_error(502, Reason::unreachable).retry_after, std::nullopt);
}

// A response is held, and breaks before its first byte has gone to the client.

TEST(PlanAnswer, IsTriedAgainWhenTheResponseBreaksInItsBody) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.takes(100ms);
    scenario.upstream_answers(200);
    scenario.expect_deliver(Reason::succeeded);
    scenario.takes(50ms);
    scenario.upstream_fails(test::truncated_response());
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(200);
    scenario.expect_deliver(Reason::succeeded);
    const Record& record = scenario.record();
    ASSERT_EQ(record.attempts.size(), 2u);  // head and break are one attempt
    EXPECT_EQ(record.attempts[0].status, 200);
    EXPECT_EQ(record.attempts[0].failure, FailureKind::truncated);
    EXPECT_EQ(record.attempts[0].stage, Stage::receive_body);
    EXPECT_EQ(record.attempts[0].verdict, Verdict::transient);
    EXPECT_EQ(record.attempts[0].took, 150ms);
}

TEST(PlanAnswer, IsAnErrorWhenAKeylessWriteBreaksInItsBody) {
    Scenario scenario({.method = "POST"});
    scenario.expect_send(1);
    scenario.upstream_answers(201);
    scenario.upstream_fails(test::truncated_response());
    EXPECT_TRUE(scenario.expect_error(502, Reason::unreachable).outcome_unknown);
}

TEST(PlanAnswer, IsTheFallbackWhenTheResponseBreaksInItsBody) {
    Scenario scenario({.method = "POST"}, with_fallback({Reason::unreachable}));
    scenario.expect_send(1);
    scenario.upstream_answers(200);
    scenario.upstream_fails(test::truncated_response());
    scenario.expect_fallback(Reason::unreachable);
}

}  // namespace
}  // namespace backstop::policy
