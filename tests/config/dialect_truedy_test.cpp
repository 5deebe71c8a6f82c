// What the "Error Handling" guide of Truedy says of its errors, each as a response.
#include "tests/config/guide.hpp"

#include <gtest/gtest.h>

#include <string>

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

Upstream truedy() {
    return test::upstream_of("truedy", "https://api.truedy.ai/api/public/v1");
}

std::string error(const std::string& code, const std::string& details = "{}") {
    return R"({"error": {"code": ")" + code + R"(", "message": "m", "details": )" + details +
           R"(}, "meta": {"request_id": "req_9", "ts": "2026-02-08T12:00:00Z"}})";
}

TEST(Truedy, PassesWhatTheCallerMustFix) {
    struct Row {
        int status;
        const char* code;
    };
    const Row rows[] = {
        {400, "bad_request"},
        {401, "unauthorized"},
        {403, "forbidden"},
        {404, "not_found"},
        {422, "validation_error"},
    };
    const auto dialect = builtin("truedy");
    for (const Row& row : rows) {
        SCOPED_TRACE(row.code);
        const policy::Classification result = classified(*dialect, row.status, error(row.code));
        EXPECT_EQ(result.verdict, Verdict::rejected);
        EXPECT_EQ(result.retry, Retry::never);
        EXPECT_EQ(result.error_code, row.code);
        EXPECT_EQ(result.request_id, "req_9");
    }
}

TEST(Truedy, CountsA402ByItsReason) {
    const auto dialect = builtin("truedy");
    for (const char* const reason :
         {"trial_not_started", "trial_expired", "subscription_inactive", "insufficient_credits"}) {
        SCOPED_TRACE(reason);
        const policy::Classification result = classified(
            *dialect,
            402,
            error(
                "payment_required",
                R"({"reason": ")" + std::string(reason) +
                    R"(", "redirect_url": "/settings/billing"})"
            )
        );
        EXPECT_EQ(result.verdict, Verdict::quota_spent);
        EXPECT_EQ(result.retry, Retry::never);
        EXPECT_EQ(result.reason, Reason::quota_exhausted);
        EXPECT_EQ(result.quota_reason, reason);
    }
    EXPECT_EQ(
        classified(*dialect, 402, error("payment_required", R"({"reason": "brand_new"})"))
            .quota_reason,
        "other"
    );
}

TEST(Truedy, ReadsTheBalanceOfInsufficientCredits) {
    const policy::Classification result = classified(
        *builtin("truedy"),
        402,
        error(
            "payment_required",
            R"({"reason": "insufficient_credits", "balance": 3.5, "required": 10})"
        )
    );
    EXPECT_EQ(result.quota_remaining, 3.5);
    EXPECT_EQ(result.quota_required, 10);
}

TEST(Truedy, BacksOffByRetryAfter) {
    const policy::Classification result =
        classified(*builtin("truedy"), 429, error("rate_limit_exceeded"), {{"Retry-After", "15"}});
    EXPECT_EQ(result.verdict, Verdict::rate_limited);
    EXPECT_EQ(result.retry, Retry::always);
    EXPECT_EQ(result.evidence, Evidence::refused);
    ASSERT_TRUE(result.hint);
    EXPECT_EQ(result.hint->delay, 15s);
    EXPECT_EQ(result.hint->source, WaitSource::header);
    EXPECT_TRUE(result.hint_in_header);
}

TEST(Truedy, BacksOffByTheBodyWhereThereIsNoHeader) {
    const policy::Classification result = classified(
        *builtin("truedy"),
        429,
        error("rate_limit_exceeded", R"({"limit": 100, "reset_at": "2026-02-08T12:00:20Z"})")
    );
    ASSERT_TRUE(result.hint);
    EXPECT_EQ(result.hint->delay, 21s);
    EXPECT_EQ(result.hint->source, WaitSource::epoch);
    ASSERT_EQ(result.limits.size(), 1U);
    EXPECT_EQ(result.limits[0].observation.limit, 100);
    EXPECT_EQ(result.limits[0].observation.reset, test::guide_time().wall + 20s);
}

TEST(Truedy, DecidesByCodeAndStatusAndNeverByTheText) {
    const auto dialect = builtin("truedy");
    for (const policy::Rule& rule : dialect->rules)
        EXPECT_EQ(rule.contains, "") << rule.name;
}

TEST(Truedy, RepeatsWhatIsRepeatableAfterAProviderError) {
    const auto dialect = builtin("truedy");
    const policy::Classification result = classified(*dialect, 502, error("provider_error"));
    EXPECT_EQ(result.verdict, Verdict::transient);
    EXPECT_EQ(result.retry, Retry::repeatable);
    EXPECT_EQ(result.evidence, Evidence::ambiguous);
    EXPECT_EQ(result.rule->name, "provider error");
    for (const int status : {500, 502, 503, 504})
        EXPECT_EQ(classified(*dialect, status).retry, Retry::repeatable) << status;
    EXPECT_EQ(classified(*dialect, 501).retry, Retry::never);
}

TEST(Truedy, SendsKeysWithCreatesOnly) {
    const Upstream upstream = truedy();
    EXPECT_EQ(upstream.rules.dialect->key_header, "X-Idempotency-Key");
    struct Row {
        const char* method;
        const char* target;
        bool keyed;
    };
    const Row rows[] = {
        {"POST", "/api/public/v1/calls", true},
        {"POST", "/calls", true},
        {"POST", "/batch-calls", true},
        {"POST", "/tools", true},
        {"POST", "/agents", true},
        {"GET", "/calls", false},
        {"PATCH", "/agents/7", false},
        {"POST", "/contacts", false},
        {"POST", "/knowledge-bases", false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(test::route_of(upstream, row.method, row.target).keyed, row.keyed) << row.target;
    EXPECT_EQ(test::route_label(upstream, "GET", "/api/public/v1/calls/7"), "/calls/{id}");
}

TEST(Truedy, TakesNinetySeconds) {
    const Upstream upstream = truedy();
    EXPECT_EQ(upstream.rules.other.deadline, 90s);
    EXPECT_EQ(upstream.rules.other.attempt, 20s);
}

TEST(Truedy, SpeaksItsEnvelopeInErrorsOfOurOwn) {
    const Upstream upstream = truedy();
    EXPECT_EQ(
        test::own_error(upstream, Reason::rate_limited, 429).body,
        R"({"error":{"code":"rate_limit_exceeded","message":"The rate limit of Truedy is used up. )"
        R"(Try again in 12 seconds.","details":{"limit":100,"reset_at":"2026-02-08T12:00:12.000Z"}},)"
        R"("meta":{"request_id":"backstop-1","ts":"2026-02-08T12:00:00.000Z"}})"
    );
    EXPECT_EQ(
        policy::refuse(upstream.rules, 422, "The key was used before.", {}).body.substr(0, 36),
        R"({"error":{"code":"validation_error",)"
    );
}

}  // namespace
}  // namespace backstop::config
