// Every example response of the "Error Handling" guide of Levrage.
#include "tests/config/guide.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;
using policy::Evidence;
using policy::Reason;
using policy::Retry;
using policy::Verdict;
using policy::WaitSource;
using test::builtin;
using test::classified;

Upstream levrage() {
    return test::upstream_of("levrage", "https://api.levrage.ai/v1");
}

constexpr const char* validation_error = R"({
    "success": false,
    "error": {"code": "validation_error", "message": "Agent name is already in use"},
    "request_id": "req_abc123", "timestamp": "2025-01-01T12:00:00Z"})";

TEST(Levrage, LogsTheRequestId) {
    const policy::Classification result = classified(*builtin("levrage"), 422, validation_error);
    EXPECT_EQ(result.request_id, "req_abc123");
    EXPECT_EQ(result.error_code, "validation_error");
}

TEST(Levrage, PassesWhatTheCallerMustFix) {
    const auto dialect = builtin("levrage");
    for (const int status : {400, 401, 403, 404, 409, 422}) {
        SCOPED_TRACE(status);
        const policy::Classification result = classified(*dialect, status, validation_error);
        EXPECT_EQ(result.verdict, Verdict::rejected);
        EXPECT_EQ(result.retry, Retry::never);
        EXPECT_EQ(result.evidence, Evidence::definite);
    }
    // Also published.
    const policy::Classification detail =
        classified(*dialect, 401, R"({"detail": "Invalid or expired API key"})");
    EXPECT_EQ(detail.verdict, Verdict::rejected);
    EXPECT_EQ(detail.error_code, "");
}

TEST(Levrage, NeverRetriesWithoutCreditsWhateverTheStatus) {
    const auto dialect = builtin("levrage");
    for (const int status : {400, 402, 403, 429, 500, 503}) {
        SCOPED_TRACE(status);
        const policy::Classification result = classified(*dialect, status, R"({
            "success": false,
            "error": {"code": "quota_exceeded", "message": "Insufficient credits"},
            "request_id": "req_1", "timestamp": "2025-01-01T12:00:00Z"})");
        EXPECT_EQ(result.verdict, Verdict::quota_spent);
        EXPECT_EQ(result.retry, Retry::never);
        EXPECT_EQ(result.quota_reason, "quota_exceeded");
        EXPECT_EQ(result.reason, Reason::quota_exhausted);
    }
    EXPECT_EQ(classified(*dialect, 402).verdict, Verdict::quota_spent);
    EXPECT_EQ(classified(*dialect, 402).quota_reason, "other");
}

TEST(Levrage, WaitsUntilTheReset) {
    const policy::Classification result = classified(
        *builtin("levrage"),
        429,
        {},
        {{"X-RateLimit-Limit", "300"},
         {"X-RateLimit-Remaining", "0"},
         {"X-RateLimit-Reset", "1770552042"}}
    );
    EXPECT_EQ(result.verdict, Verdict::rate_limited);
    EXPECT_EQ(result.retry, Retry::always);
    EXPECT_EQ(result.evidence, Evidence::refused);
    ASSERT_TRUE(result.hint);
    EXPECT_EQ(result.hint->delay, 43s);  // epochs: one second more
    EXPECT_EQ(result.hint->source, WaitSource::epoch);
    ASSERT_EQ(result.limits.size(), 1U);
    EXPECT_EQ(result.limits[0].observation.limit, 300);
    EXPECT_EQ(result.limits[0].observation.remaining, 0);
    EXPECT_EQ(result.limits[0].observation.reset, test::guide_time().wall + 42s);
}

TEST(Levrage, TakesAResetOfLongAgoForNoHint) {
    // The guide's own example, which is of 2024.
    const policy::Classification result =
        classified(*builtin("levrage"), 429, {}, {{"X-RateLimit-Reset", "1706140800"}});
    EXPECT_FALSE(result.hint && result.hint->delay > 1s);
}

TEST(Levrage, RetriesEveryServerErrorOfTheGuide) {
    const auto dialect = builtin("levrage");
    for (const int status : {500, 502, 503, 504}) {
        SCOPED_TRACE(status);
        const policy::Classification result = classified(*dialect, status);
        EXPECT_EQ(result.verdict, Verdict::transient);
        EXPECT_EQ(result.retry, Retry::always);
        EXPECT_EQ(result.reason, Reason::server_error);
    }
    EXPECT_EQ(classified(*dialect, 501).retry, Retry::never);
}

TEST(Levrage, WaitsOneToTwoSecondsAfterA502) {
    const auto dialect = builtin("levrage");
    const policy::Classification result = classified(*dialect, 502);
    EXPECT_FALSE(result.hint);
    ASSERT_NE(result.rule, nullptr);
    EXPECT_EQ(result.rule->wait_min, 1s);
    EXPECT_EQ(result.rule->wait_max, 2s);
}

TEST(Levrage, WaitsHalfAMinuteOrMoreForMaintenance) {
    const auto dialect = builtin("levrage");
    EXPECT_EQ(classified(*dialect, 503).hint->delay, 30s);
    EXPECT_EQ(classified(*dialect, 503, {}, {{"Retry-After", "5"}}).hint->delay, 30s);
    EXPECT_EQ(classified(*dialect, 503, {}, {{"Retry-After", "45"}}).hint->delay, 45s);
}

TEST(Levrage, WaitsLongerForTheAnswerAfterA504) {
    const auto dialect = builtin("levrage");
    EXPECT_EQ(classified(*dialect, 504).rule->timeout_factor, 2.0);
    EXPECT_EQ(classified(*dialect, 500).rule->timeout_factor, 1.0);
}

TEST(Levrage, NeverSendsAKeyThatItWouldNotHonour) {
    const Upstream upstream = levrage();
    EXPECT_EQ(upstream.rules.dialect->key_header, "");
    for (const policy::Route& route : upstream.rules.routes)
        EXPECT_FALSE(route.keyed) << route.label;
    EXPECT_EQ(test::timed_out(*upstream.rules.dialect, true).retry, Retry::repeatable);
    EXPECT_EQ(test::timed_out(*upstream.rules.dialect, false).retry, Retry::always);
}

TEST(Levrage, SharesOneGateForAnAddress) {
    EXPECT_TRUE(builtin("levrage")->limits_per_address);
}

TEST(Levrage, NamesItsRoutesWithAndWithoutTheBasePath) {
    const Upstream upstream = levrage();
    struct Row {
        const char* target;
        const char* label;
    };
    const Row rows[] = {
        {"/v1/agents", "/agents"},
        {"/agents?limit=10", "/agents"},
        {"/v1/agents/agt_1", "/agents/{id}"},
        {"/v1/calls", "/calls"},
        {"/campaigns", "/campaigns"},
        {"/voices", "/voices"},
        {"/v1/industries/health/agent-types", "/industries/{industry}/agent-types"},
        {"/v1/health", "/health"},
        {"/v2/agents", "other"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(test::route_label(upstream, "GET", row.target), row.label) << row.target;
}

TEST(Levrage, TakesNinetySeconds) {
    const Upstream upstream = levrage();
    EXPECT_EQ(upstream.rules.other.deadline, 90s);
    EXPECT_EQ(upstream.rules.other.attempt, 20s);
    for (const policy::Route& route : upstream.rules.routes)
        EXPECT_EQ(route.deadline, 90s) << route.label;
}

TEST(Levrage, SpeaksItsEnvelopeInErrorsOfOurOwn) {
    const Upstream upstream = levrage();
    const policy::LocalAnswer limited = test::own_error(upstream, Reason::rate_limited, 429);
    EXPECT_EQ(
        limited.body,
        R"({"success":false,"error":{"code":"rate_limited","message":"The rate limit of Levrage is )"
        R"(used up. Try again in 12 seconds."},"request_id":"backstop-1",)"
        R"("timestamp":"2026-02-08T12:00:00.000Z"})"
    );
    const std::pair<std::string, std::string> reset{"X-RateLimit-Reset", "1770552012"};
    EXPECT_NE(std::find(limited.fields.begin(), limited.fields.end(), reset), limited.fields.end());
}

}  // namespace
}  // namespace backstop::config
