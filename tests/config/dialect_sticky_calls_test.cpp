// Every example response of the "Error Handling Guide" of Sticky Calls.
#include "tests/config/guide.hpp"

#include <gtest/gtest.h>

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
using test::own_error;
using test::route_of;

Upstream sticky_calls() {
    return test::upstream_of("sticky-calls", "https://api.stickycalls.com");
}

TEST(StickyCalls, PassesWhatTheCallerMustFix) {
    struct Row {
        const char* name;
        int status;
        const char* body;
        const char* code;
    };
    const Row rows[] = {
        {"400, identity hints missing",
         400,
         R"({"error": "Bad Request", "message": "Validation failed", "details": {"issues": [{
             "path": ["identity_hints"],
             "message": "identity_hints must include ani, external_ids, or customer_ref"}]}})",
         "Bad Request"},
        {"400, required field missing",
         400,
         R"({"error": "Bad Request", "message": "Validation failed", "details": {"issues": [{
             "path": ["call_id"], "message": "Required field 'call_id' is missing"}]}})",
         "Bad Request"},
        {"401, invalid key",
         401,
         R"({"error": "Unauthorized", "message": "Invalid or missing API key"})",
         "Unauthorized"},
        {"401, revoked key",
         401,
         R"({"error": "Unauthorized", "message": "API key has been revoked"})",
         "Unauthorized"},
        {"409, started twice",
         409,
         R"({"error": "Conflict", "message": "Call with call_id 'call_12345' already exists"})",
         "Conflict"},
        {"409, ended twice",
         409,
         R"({"error": "Conflict", "message": "Call 'call_12345' has already been ended"})",
         "Conflict"},
    };
    const auto dialect = builtin("sticky-calls");
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const policy::Classification result = classified(*dialect, row.status, row.body);
        EXPECT_EQ(result.verdict, Verdict::rejected);
        EXPECT_EQ(result.evidence, Evidence::definite);
        EXPECT_EQ(result.retry, Retry::never);
        EXPECT_EQ(result.reason, Reason::rejected);
        EXPECT_EQ(result.error_code, row.code);
    }
}

TEST(StickyCalls, TakesA402ForASpentQuota) {
    const auto dialect = builtin("sticky-calls");
    const policy::Classification result = classified(*dialect, 402, R"({
        "error": "Payment Required",
        "message": "Monthly quota exhausted. Your account has 0 API calls remaining.",
        "quota_remaining": 0,
        "billing_account_id": "ba_1a2b3c4d5e6f..."})");
    EXPECT_EQ(result.verdict, Verdict::quota_spent);
    EXPECT_EQ(result.retry, Retry::never);
    EXPECT_EQ(result.reason, Reason::quota_exhausted);
    EXPECT_EQ(result.quota_remaining, 0);
    EXPECT_EQ(result.quota_reason, "other");
}

TEST(StickyCalls, WaitsAsLongAsThe429Says) {
    const auto dialect = builtin("sticky-calls");
    const policy::Classification result = classified(*dialect, 429, R"({
        "error": "Too Many Requests",
        "message": "Rate limit exceeded for your tier. Limit: 100 requests/minute.",
        "retryAfter": 42, "currentUsage": 111, "limit": 100,
        "resetAt": "2026-02-08T12:01:00.000Z"})");
    EXPECT_EQ(result.verdict, Verdict::rate_limited);
    EXPECT_EQ(result.evidence, Evidence::refused);
    EXPECT_EQ(result.retry, Retry::always);
    ASSERT_TRUE(result.hint);
    EXPECT_EQ(result.hint->delay, 42s);
    EXPECT_EQ(result.hint->source, WaitSource::body);
    EXPECT_FALSE(result.hint_in_header);
    ASSERT_EQ(result.limits.size(), 1U);
    const policy::RateLimitTracker::Observation& seen = result.limits[0].observation;
    EXPECT_EQ(seen.limit, 100);
    EXPECT_EQ(seen.used, 111);
    EXPECT_EQ(seen.reset, test::guide_time().wall + 60s);
}

TEST(StickyCalls, WaitsUntilResetAtWhereRetryAfterIsMissing) {
    const auto dialect = builtin("sticky-calls");
    const policy::Classification result =
        classified(*dialect, 429, R"({"resetAt": "2026-02-08T12:00:30.000Z"})");
    ASSERT_TRUE(result.hint);
    EXPECT_EQ(result.hint->delay, 31s);  // dates: one second more
    EXPECT_EQ(result.hint->source, WaitSource::epoch);
}

TEST(StickyCalls, BacksOffByItselfWhereA429SaysNothing) {
    const auto dialect = builtin("sticky-calls");
    EXPECT_FALSE(classified(*dialect, 429, R"({"error": "Too Many Requests"})").hint);
}

TEST(StickyCalls, RepeatsWhatIsRepeatableAfterA500) {
    const auto dialect = builtin("sticky-calls");
    const policy::Classification result = classified(*dialect, 500, R"({
        "error": "Internal Server Error",
        "message": "An unexpected error occurred. Please try again."})");
    EXPECT_EQ(result.verdict, Verdict::transient);
    EXPECT_EQ(result.evidence, Evidence::ambiguous);
    EXPECT_EQ(result.retry, Retry::repeatable);
    EXPECT_EQ(result.reason, Reason::server_error);
    for (const int status : {502, 503, 504})
        EXPECT_EQ(classified(*dialect, status).retry, Retry::repeatable) << status;
    EXPECT_EQ(classified(*dialect, 501).retry, Retry::never);
}

TEST(StickyCalls, ReadsLimitAndQuotaFromEveryResponse) {
    const auto dialect = builtin("sticky-calls");
    const policy::Classification result = classified(
        *dialect,
        200,
        {},
        {{"x-ratelimit-limit", "600"}, {"x-ratelimit-remaining", "12"}, {"x-quota-remaining", "99"}}
    );
    EXPECT_EQ(result.verdict, Verdict::ok);
    EXPECT_EQ(result.quota_remaining, 99);
    ASSERT_EQ(result.limits.size(), 1U);
    EXPECT_EQ(result.limits[0].observation.limit, 600);
    EXPECT_EQ(result.limits[0].observation.remaining, 12);
}

TEST(StickyCalls, GivesACallFiveSecondsAndEverythingElseNinety) {
    const Upstream upstream = sticky_calls();
    const policy::Route& start = route_of(upstream, "POST", "/v1/calls/start");
    EXPECT_EQ(start.deadline, 5s);
    EXPECT_EQ(start.attempt, 2s);
    EXPECT_EQ(start.attempts, 3);
    const policy::Route& end = route_of(upstream, "POST", "/v1/calls/end");
    EXPECT_EQ(end.deadline, 90s);
    EXPECT_EQ(end.attempt, 20s);
    const policy::Route& other = route_of(upstream, "GET", "/v1/usage");
    EXPECT_EQ(other.label, "other");
    EXPECT_EQ(other.deadline, 90s);
    EXPECT_EQ(other.attempt, 20s);
}

TEST(StickyCalls, SendsKeysWithStartAndEnd) {
    const Upstream upstream = sticky_calls();
    EXPECT_EQ(upstream.rules.dialect->key_header, "X-Idempotency-Key");
    for (const char* const path : {"/v1/calls/start", "/v1/calls/end"}) {
        SCOPED_TRACE(path);
        const policy::Route& route = route_of(upstream, "POST", path);
        EXPECT_TRUE(route.keyed);
        EXPECT_EQ(route.natural_id, "/call_id");
    }
    EXPECT_FALSE(upstream.rules.other.keyed);
}

TEST(StickyCalls, LetsTheCallGoOnWithoutHistory) {
    const Upstream upstream = sticky_calls();
    const policy::Route& start = route_of(upstream, "POST", "/v1/calls/start");
    policy::TemplateValues values;
    values.request_body = R"({"call_id": "call_12345", "identity_hints": {"ani": "+14155551234"}})";
    values.now = test::guide_time().wall;
    const Reason reasons[] = {
        Reason::unreachable,
        Reason::timeout,
        Reason::server_error,
        Reason::rate_limited,
        Reason::quota_exhausted,
        Reason::circuit_open,
        Reason::conflict_resolved,
    };
    for (const Reason reason : reasons) {
        SCOPED_TRACE(word(reason));
        const policy::Fallback* const fallback = start.fallback_for(reason);
        ASSERT_NE(fallback, nullptr);
        EXPECT_EQ(fallback->status, 200);
        EXPECT_EQ(
            fallback->body.render(values),
            R"({"hasContext":false,"call_id":"call_12345","customer_ref":null,)"
            R"("call_start":"2026-02-08T12:00:00.000Z","identity":{"confidence":0,"level":"none",)"
            R"("sources":[],"recommendation":"ignore"},"open_intents":[],"variables":{}})"
        );
    }
    EXPECT_EQ(start.fallback_for(Reason::rejected), nullptr);
    EXPECT_EQ(start.fallback_for(Reason::draining), nullptr);
}

TEST(StickyCalls, EndsACallThatHadAlreadyBeenEnded) {
    const Upstream upstream = sticky_calls();
    const policy::Route& end = route_of(upstream, "POST", "/v1/calls/end");
    const policy::Fallback* const fallback = end.fallback_for(Reason::conflict_resolved);
    ASSERT_NE(fallback, nullptr);
    policy::TemplateValues values;
    values.request_body =
        R"({"call_id": "call_12345", "customer_ref": "cus_1", "intent": "refund"})";
    EXPECT_EQ(fallback->body.render(values), R"({"call_id":"call_12345","customer_ref":"cus_1"})");
    for (const Reason reason : {Reason::unreachable, Reason::timeout, Reason::quota_exhausted})
        EXPECT_EQ(end.fallback_for(reason), nullptr) << word(reason);
}

TEST(StickyCalls, SpeaksItsEnvelopeInErrorsOfOurOwn) {
    const Upstream upstream = sticky_calls();
    EXPECT_EQ(
        own_error(upstream, Reason::rate_limited, 429).body,
        R"({"error":"Too Many Requests","message":"The rate limit of Sticky Calls is used up. Try )"
        R"(again in 12 seconds.","retryAfter":12,"currentUsage":100,"limit":100,)"
        R"("resetAt":"2026-02-08T12:00:12.000Z"})"
    );
    EXPECT_EQ(
        own_error(upstream, Reason::circuit_open, 503).body,
        R"({"error":"Service Unavailable","message":"Sticky Calls keeps failing; nothing is sent )"
        R"(to it for the moment. Try again in 12 seconds.","retryAfter":12})"
    );
    // The guide's handler walks through details.issues of every 400.
    EXPECT_EQ(
        policy::refuse(upstream.rules, 400, "The head is broken.", {}).body,
        R"({"error":"Bad Request","message":"The head is broken.",)"
        R"("details":{"issues":[{"path":[],"message":"The head is broken."}]}})"
    );
}

}  // namespace
}  // namespace backstop::config
