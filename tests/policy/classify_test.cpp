// The four guides' own examples, and plain HTTP, as tables: what an answer means, what it proves,
// and how long it asks to wait.
#include "policy/classify.hpp"

#include "tests/policy/sample_dialects.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::header;
using test::json;

constexpr Moment now{Instant(1000h), WallTime(1770552000s)};  // 2026-02-08 12:00:00 UTC

using Fields = std::vector<Field>;

// The answer must outlive the Classification's views of it; it has none, so nothing is kept.
Classification read(
    const Dialect& dialect, int status, const Fields& fields = {}, std::string_view body = {}
) {
    ResponseHead head;
    head.status = status;
    head.fields = fields;
    head.body = body;
    return classify(dialect, head, ClockOffset{}, now);
}

std::optional<Duration> wait_of(const Classification& got) {
    if (!got.hint) return std::nullopt;
    return got.hint->delay;
}

struct Row {
    std::string name;
    int status = 0;
    Fields fields{};
    std::string body{};
    Verdict verdict = Verdict::rejected;
    Evidence evidence = Evidence::definite;
    Retry retry = Retry::never;
    Reason reason = Reason::rejected;
    std::optional<Duration> wait{};
    std::string code{};
    std::string rule{};
};

void expect_rows(const Dialect& dialect, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Classification got = read(dialect, row.status, row.fields, row.body);
        EXPECT_EQ(word(got.verdict), word(row.verdict));
        EXPECT_EQ(word(got.evidence), word(row.evidence));
        EXPECT_EQ(got.retry, row.retry);
        EXPECT_EQ(word(got.reason), word(row.reason));
        EXPECT_EQ(wait_of(got), row.wait);
        EXPECT_EQ(got.error_code, row.code);
        EXPECT_EQ(got.rule == nullptr ? "" : got.rule->name, row.rule);
    }
}

TEST(ClassifyStickyCalls, ReadsTheExamplesOfItsGuide) {
    expect_rows(
        test::sticky_calls(),
        {
            {.name = "400, missing hints",
             .status = 400,
             .body = R"({"error": "Bad Request", "message": "Validation failed", "details": {
                        "issues": [{"path": ["identity_hints"], "message":
                        "identity_hints must include ani, external_ids, or customer_ref"}]}})",
             .code = "Bad Request"},
            {.name = "400, missing call_id",
             .status = 400,
             .body = R"({"error": "Bad Request", "message": "Validation failed", "details": {
                        "issues": [{"path": ["call_id"],
                        "message": "Required field 'call_id' is missing"}]}})",
             .code = "Bad Request"},
            {.name = "401, missing key",
             .status = 401,
             .body = R"({"error": "Unauthorized", "message": "Invalid or missing API key"})",
             .code = "Unauthorized"},
            {.name = "401, revoked key",
             .status = 401,
             .body = R"({"error": "Unauthorized", "message": "API key has been revoked"})",
             .code = "Unauthorized"},
            {.name = "402, quota exhausted",
             .status = 402,
             .body = R"({"error": "Payment Required",
                        "message": "Monthly quota exhausted. Your account has 0 API calls remaining.",
                        "quota_remaining": 0, "billing_account_id": "ba_1a2b3c4d5e6f..."})",
             .verdict = Verdict::quota_spent,
             .reason = Reason::quota_exhausted,
             .code = "Payment Required",
             .rule = "monthly quota exhausted"},
            {.name = "409, duplicate start",
             .status = 409,
             .body =
                 R"({"error": "Conflict", "message": "Call with call_id 'call_12345' already exists"})",
             .code = "Conflict"},
            {.name = "409, already ended",
             .status = 409,
             .body =
                 R"({"error": "Conflict", "message": "Call 'call_12345' has already been ended"})",
             .code = "Conflict"},
            {.name = "429, the guide's",
             .status = 429,
             .body = R"({"error": "Too Many Requests",
                        "message": "Rate limit exceeded for your tier. Limit: 100 requests/minute.",
                        "retryAfter": 42, "currentUsage": 111, "limit": 100,
                        "resetAt": "2026-02-08T12:01:00.000Z"})",
             .verdict = Verdict::rate_limited,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::rate_limited,
             .wait = 42s,
             .code = "Too Many Requests",
             .rule = "rate limit exceeded"},
            {.name = "429, resetAt only",
             .status = 429,
             .body = R"({"error": "Too Many Requests", "resetAt": "2026-02-08T12:01:00.000Z"})",
             .verdict = Verdict::rate_limited,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::rate_limited,
             .wait = 61s,
             .code = "Too Many Requests",
             .rule = "rate limit exceeded"},
            {.name = "429, absurd retryAfter, good resetAt",
             .status = 429,
             .body = R"({"retryAfter": -1, "resetAt": "2026-02-08T12:01:00.000Z"})",
             .verdict = Verdict::rate_limited,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::rate_limited,
             .wait = 61s,
             .rule = "rate limit exceeded"},
            {.name = "429 by whatever stands before the API",
             .status = 429,
             .fields = {{"Retry-After", "7"}},
             .body = "<html>slow down</html>",
             .verdict = Verdict::rate_limited,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::rate_limited,
             .wait = 7s,
             .rule = "rate limit exceeded"},
            {.name = "429, too many at once",
             .status = 429,
             .body = R"({"error": "Too Many Requests", "message": "Too many CONCURRENT calls"})",
             .verdict = Verdict::concurrency_limited,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::rate_limited,
             .code = "Too Many Requests",
             .rule = "too many at once"},
            {.name = "500",
             .status = 500,
             .body = R"({"error": "Internal Server Error",
                        "message": "An unexpected error occurred. Please try again."})",
             .verdict = Verdict::transient,
             .evidence = Evidence::ambiguous,
             .retry = Retry::repeatable,
             .reason = Reason::server_error,
             .code = "Internal Server Error",
             .rule = "server error"},
            {.name = "200", .status = 200, .verdict = Verdict::ok, .reason = Reason::succeeded},
        }
    );
}

TEST(ClassifyStickyCalls, LearnsLimitAndQuotaFromEveryAnswer) {
    const Dialect dialect = test::sticky_calls();
    const Classification got = read(
        dialect,
        200,
        {{"x-ratelimit-limit", "100"}, {"x-ratelimit-remaining", "9"}, {"x-quota-remaining", "87"}}
    );
    ASSERT_EQ(got.limits.size(), 1U);
    EXPECT_EQ(got.limits[0].observation.limit, 100);
    EXPECT_EQ(got.limits[0].observation.remaining, 9);
    EXPECT_EQ(got.limits[0].observation.reset, std::nullopt);
    EXPECT_EQ(got.quota_remaining, 87);
}

TEST(ClassifyStickyCalls, LearnsUsageFromTheBodyOfA429) {
    const Classification got = read(
        test::sticky_calls(),
        429,
        {},
        R"({"currentUsage": 111, "limit": 100, "resetAt": "2026-02-08T12:01:00.000Z"})"
    );
    ASSERT_EQ(got.limits.size(), 1U);
    EXPECT_EQ(got.limits[0].observation.limit, 100);
    EXPECT_EQ(got.limits[0].observation.used, 111);
    EXPECT_EQ(got.limits[0].observation.reset, now.wall + 60s);
}

TEST(ClassifyStickyCalls, CountsA402AsOther) {
    const Classification got = read(test::sticky_calls(), 402, {}, R"({"quota_remaining": 0})");
    EXPECT_EQ(got.quota_reason, "other");
    EXPECT_EQ(got.quota_remaining, 0);
}

Row levrage_row(std::string name, int status, Retry retry, std::string rule) {
    Row row{.name = std::move(name), .status = status};
    row.verdict = Verdict::transient;
    row.evidence = Evidence::refused;
    row.retry = retry;
    row.reason = Reason::server_error;
    row.rule = std::move(rule);
    return row;
}

TEST(ClassifyLevrage, ReadsTheExamplesOfItsGuide) {
    Row maintenance = levrage_row("503", 503, Retry::always, "maintenance");
    maintenance.wait = 30s;
    Row short_hint = maintenance;
    short_hint.name = "503 with a hint below the guide's 30 s";
    short_hint.fields = {{"Retry-After", "5"}};
    Row long_hint = maintenance;
    long_hint.name = "503 with a hint above";
    long_hint.fields = {{"Retry-After", "45"}};
    long_hint.wait = 45s;
    Row gateway_hint = levrage_row("502 with a hint", 502, Retry::always, "bad gateway");
    gateway_hint.fields = {{"Retry-After", "9"}};
    gateway_hint.wait = 9s;
    expect_rows(
        test::levrage(),
        {
            {.name = "400",
             .status = 400,
             .body = R"({"success": false,
                        "error": {"code": "validation_error", "message": "Agent name is already in use"},
                        "request_id": "req_abc123", "timestamp": "2025-01-01T12:00:00Z"})",
             .code = "validation_error"},
            {.name = "401, envelope",
             .status = 401,
             .body = R"({"success": false, "error": {"code": "authentication_error"}})",
             .code = "authentication_error"},
            {.name = "401, the other form",
             .status = 401,
             .body = R"({"detail": "Not authenticated"})"},
            {.name = "403", .status = 403},
            {.name = "404",
             .status = 404,
             .body = R"({"error": {"code": "not_found"}})",
             .code = "not_found"},
            {.name = "409", .status = 409},
            {.name = "422", .status = 422},
            {.name = "429, the guide's headers",
             .status = 429,
             .fields =
                 {{"X-RateLimit-Limit", "300"},
                  {"X-RateLimit-Remaining", "0"},
                  {"X-RateLimit-Reset", "1770552040"}},
             .verdict = Verdict::rate_limited,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::rate_limited,
             .wait = 41s,
             .rule = "rate limited"},
            {.name = "429 whose reset has passed",
             .status = 429,
             .fields = {{"X-RateLimit-Reset", "1706140800"}},
             .verdict = Verdict::rate_limited,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::rate_limited,
             .rule = "rate limited"},
            {.name = "429 without credits is final",
             .status = 429,
             .fields = {{"X-RateLimit-Reset", "1770552040"}},
             .body = R"({"error": {"code": "quota_exceeded", "message": "Insufficient credits"}})",
             .verdict = Verdict::quota_spent,
             .reason = Reason::quota_exhausted,
             .code = "quota_exceeded",
             .rule = "out of credits"},
            {.name = "500 without credits is final",
             .status = 500,
             .body = R"({"error": {"code": "quota_exceeded"}})",
             .verdict = Verdict::quota_spent,
             .reason = Reason::quota_exhausted,
             .code = "quota_exceeded",
             .rule = "out of credits"},
            levrage_row("500", 500, Retry::always, "internal error"),
            levrage_row("502", 502, Retry::always, "bad gateway"),
            gateway_hint,
            maintenance,
            short_hint,
            long_hint,
            levrage_row("504", 504, Retry::always, "gateway timeout"),
        }
    );
}

TEST(ClassifyLevrage, LeavesA502sWaitToBeDrawnAndA504sTimeoutToBeDoubled) {
    const Dialect dialect = test::levrage();
    const Classification gateway = read(dialect, 502);
    ASSERT_NE(gateway.rule, nullptr);
    EXPECT_EQ(gateway.hint, std::nullopt);
    EXPECT_EQ(gateway.rule->wait_min, 1s);
    EXPECT_EQ(gateway.rule->wait_max, 2s);
    const Classification timeout = read(dialect, 504);
    ASSERT_NE(timeout.rule, nullptr);
    EXPECT_EQ(timeout.rule->timeout_factor, 2.0);
}

TEST(ClassifyLevrage, ReadsRequestIdAndReasonOfTheEnvelope) {
    const Classification got = read(
        test::levrage(),
        402,
        {},
        R"({"error": {"code": "quota_exceeded"}, "request_id": "req_abc123"})"
    );
    EXPECT_EQ(got.request_id, "req_abc123");
    EXPECT_EQ(got.quota_reason, "quota_exceeded");
}

// The reset is on every answer; only a 429 makes it a delay.
TEST(ClassifyLevrage, TakesTheResetForADelayOnA429Only) {
    const Fields fields{{"X-RateLimit-Reset", "1770552040"}, {"X-RateLimit-Remaining", "12"}};
    const Classification error = read(test::levrage(), 500, fields);
    EXPECT_EQ(error.hint, std::nullopt);
    ASSERT_EQ(error.limits.size(), 1U);
    EXPECT_EQ(error.limits[0].observation.reset, now.wall + 40s);
    const Classification limited = read(test::levrage(), 429, fields);
    ASSERT_TRUE(limited.hint);
    EXPECT_EQ(limited.hint->source, WaitSource::epoch);
    EXPECT_TRUE(limited.hint_in_header);
}

TEST(ClassifyLeavo, ReadsTheExamplesOfItsGuide) {
    const auto envelope = [](const std::string& code, const std::string& details = "{}") {
        return R"({"success": false, "error": {"code": ")" + code +
               R"(", "message": "text", "details": )" + details + "}}";
    };
    Row limited{.name = "429, the guide's", .status = 429};
    limited.body = envelope("RATE_LIMIT_EXCEEDED", R"({"retry_after": 30})");
    limited.verdict = Verdict::rate_limited;
    limited.evidence = Evidence::refused;
    limited.retry = Retry::always;
    limited.reason = Reason::rate_limited;
    limited.wait = 30s;
    limited.code = "RATE_LIMIT_EXCEEDED";
    limited.rule = "rate limit exceeded";
    Row as_text = limited;
    as_text.name = "429, a number as text";
    as_text.body = envelope("RATE_LIMIT_EXCEEDED", R"({"retry_after": "30"})");
    Row missing = limited;
    missing.name = "429 without retry_after";
    missing.body = envelope("RATE_LIMIT_EXCEEDED");
    missing.wait = 60s;
    Row in_header = missing;
    in_header.name = "429 with a header only";
    in_header.fields = {{"Retry-After", "12"}};
    in_header.wait = 12s;
    Row no_body = missing;
    no_body.name = "429 without body";
    no_body.body = "";
    no_body.code = "";
    expect_rows(
        test::leavo(),
        {
            {.name = "401",
             .status = 401,
             .body = envelope("UNAUTHORIZED"),
             .code = "UNAUTHORIZED"},
            {.name = "403", .status = 403, .body = envelope("FORBIDDEN"), .code = "FORBIDDEN"},
            {.name = "400",
             .status = 400,
             .body = envelope("VALIDATION_ERROR", R"({"field": "email", "reason": "no email"})"),
             .code = "VALIDATION_ERROR"},
            {.name = "400, missing",
             .status = 400,
             .body = envelope("MISSING_FIELD", R"({"field": "phone"})"),
             .code = "MISSING_FIELD"},
            {.name = "404", .status = 404, .body = envelope("NOT_FOUND"), .code = "NOT_FOUND"},
            {.name = "409",
             .status = 409,
             .body = envelope("ALREADY_EXISTS"),
             .code = "ALREADY_EXISTS"},
            limited,
            as_text,
            missing,
            in_header,
            no_body,
            {.name = "500",
             .status = 500,
             .verdict = Verdict::transient,
             .evidence = Evidence::refused,
             .retry = Retry::always,
             .reason = Reason::server_error,
             .rule = "server error"},
        }
    );
}

TEST(ClassifyLeavo, TellsWhereTheDelayStands) {
    const Dialect dialect = test::leavo();
    const std::string body = R"({"error": {"details": {"retry_after": 30}}})";
    const Classification in_body = read(dialect, 429, {}, body);
    ASSERT_TRUE(in_body.hint);
    EXPECT_EQ(in_body.hint->source, WaitSource::body);
    EXPECT_FALSE(in_body.hint_in_header);
    const Classification in_both = read(dialect, 429, {{"Retry-After", "31"}}, body);
    ASSERT_TRUE(in_both.hint);
    EXPECT_EQ(in_both.hint->delay, 30s);
    EXPECT_EQ(in_both.hint->source, WaitSource::body);
    EXPECT_TRUE(in_both.hint_in_header);
    const Classification by_default = read(dialect, 429);
    ASSERT_TRUE(by_default.hint);
    EXPECT_EQ(by_default.hint->source, WaitSource::backoff);
    EXPECT_FALSE(by_default.hint_in_header);
}

TEST(ClassifyTruedy, ReadsTheExamplesOfItsGuide) {
    const auto envelope = [](const std::string& code, const std::string& details = "{}") {
        return R"({"error": {"code": ")" + code + R"(", "message": "text", "details": )" + details +
               R"(}, "meta": {"request_id": "r-1", "ts": "2026-02-08T12:00:00Z"}})";
    };
    Row limited{.name = "429 with Retry-After", .status = 429};
    limited.fields = {{"Retry-After", "20"}};
    limited.body =
        envelope("rate_limit_exceeded", R"({"limit": 100, "reset_at": "2026-02-08T12:00:40Z"})");
    limited.verdict = Verdict::rate_limited;
    limited.evidence = Evidence::refused;
    limited.retry = Retry::always;
    limited.reason = Reason::rate_limited;
    limited.wait = 20s;
    limited.code = "rate_limit_exceeded";
    limited.rule = "rate limit exceeded";
    Row in_body = limited;
    in_body.name = "429 with reset_at only";
    in_body.fields = {};
    in_body.wait = 41s;
    Row unreadable = in_body;
    unreadable.name = "429 with a Retry-After that is none";
    unreadable.fields = {{"Retry-After", "later"}};
    expect_rows(
        test::truedy(),
        {
            {.name = "400", .status = 400},
            {.name = "401",
             .status = 401,
             .body = envelope("unauthorized"),
             .code = "unauthorized"},
            {.name = "402",
             .status = 402,
             .body = envelope("payment_required", R"({"reason": "trial_expired"})"),
             .verdict = Verdict::quota_spent,
             .reason = Reason::quota_exhausted,
             .code = "payment_required",
             .rule = "payment required"},
            {.name = "403", .status = 403, .body = envelope("forbidden"), .code = "forbidden"},
            {.name = "404", .status = 404, .body = envelope("not_found"), .code = "not_found"},
            {.name = "422",
             .status = 422,
             .body = envelope("validation_error"),
             .code = "validation_error"},
            limited,
            in_body,
            unreadable,
            {.name = "500",
             .status = 500,
             .verdict = Verdict::transient,
             .evidence = Evidence::ambiguous,
             .retry = Retry::repeatable,
             .reason = Reason::server_error,
             .rule = "server error"},
            {.name = "502, a provider behind it",
             .status = 502,
             .body = envelope("provider_error"),
             .verdict = Verdict::transient,
             .evidence = Evidence::ambiguous,
             .retry = Retry::repeatable,
             .reason = Reason::server_error,
             .code = "provider_error",
             .rule = "server error"},
        }
    );
}

TEST(ClassifyTruedy, CountsA402ByTheClosedListOfReasons) {
    const auto reason_for = [](const std::string& reason) {
        const std::string body = R"({"error": {"details": {"reason": ")" + reason +
                                 R"(", "balance": 1.5, "required": 4}}})";
        return read(test::truedy(), 402, {}, body);
    };
    for (const std::string reason :
         {"trial_not_started", "trial_expired", "subscription_inactive", "insufficient_credits"})
        EXPECT_EQ(reason_for(reason).quota_reason, reason);
    EXPECT_EQ(reason_for("because").quota_reason, "other");
    EXPECT_EQ(reason_for("").quota_reason, "other");
    const Classification got = reason_for("insufficient_credits");
    EXPECT_EQ(got.quota_remaining, 1.5);
    EXPECT_EQ(got.quota_required, 4);
}

TEST(ClassifyTruedy, LogsTheRequestIdOfTheMeta) {
    const Classification got =
        read(test::truedy(), 404, {}, R"({"error": {}, "meta": {"request_id": "r-1"}})");
    EXPECT_EQ(got.request_id, "r-1");
}

TEST(ClassifyHttp, JudgesWhatNoRuleMatches) {
    Row transient{.name = "", .status = 0};
    transient.verdict = Verdict::transient;
    transient.evidence = Evidence::ambiguous;
    transient.retry = Retry::repeatable;
    transient.reason = Reason::server_error;
    std::vector<Row> rows;
    for (const int status : {500, 501, 502, 503, 504, 507, 599, 600, 999, 99, 0}) {
        rows.push_back(transient);
        rows.back().name = std::to_string(status);
        rows.back().status = status;
    }
    for (const int status : {100, 101, 200, 201, 204, 206, 301, 304, 399})
        rows.push_back(
            {.name = std::to_string(status),
             .status = status,
             .verdict = Verdict::ok,
             .reason = Reason::succeeded}
        );
    for (const int status : {400, 401, 403, 404, 405, 408, 409, 412, 422, 425, 431, 499})
        rows.push_back({.name = std::to_string(status), .status = status});
    rows.push_back(
        {.name = "402",
         .status = 402,
         .verdict = Verdict::quota_spent,
         .reason = Reason::quota_exhausted}
    );
    rows.push_back(
        {.name = "421",
         .status = 421,
         .verdict = Verdict::transient,
         .evidence = Evidence::refused,
         .retry = Retry::always,
         .reason = Reason::unreachable}
    );
    rows.push_back(
        {.name = "429",
         .status = 429,
         .verdict = Verdict::rate_limited,
         .evidence = Evidence::refused,
         .retry = Retry::always,
         .reason = Reason::rate_limited}
    );
    expect_rows(test::generic_http(), rows);
}

TEST(ClassifyHttp, ReadsTheDelaysInUse) {
    const struct {
        std::string name;
        Fields fields;
        std::optional<Duration> expected;
    } rows[] = {
        {"seconds", {{"Retry-After", "30"}}, 30s},
        {"a date", {{"Retry-After", "Sun, 08 Feb 2026 12:00:30 GMT"}}, 31s},
        {"the draft's t", {{"RateLimit", R"("default";r=0;t=25)"}}, 25s},
        {"the earlier draft's reset", {{"RateLimit", "limit=100, remaining=0, reset=24"}}, 24s},
        {"the tightest of two", {{"RateLimit", R"("day";r=900;t=3600, "minute";r=0;t=20)"}}, 20s},
        {"X-RateLimit-Reset in seconds", {{"X-RateLimit-Reset", "15"}}, 15s},
        {"X-RateLimit-Reset as an epoch", {{"X-RateLimit-Reset", "1770552010"}}, 11s},
        {"the first in order", {{"X-RateLimit-Reset", "15"}, {"Retry-After", "3"}}, 3s},
        {"none that is plausible", {{"Retry-After", "-1"}, {"X-RateLimit-Reset", "1"}}, 1s},
        {"none at all", {}, std::nullopt},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(wait_of(read(test::generic_http(), 429, row.fields)), row.expected);
    }
}

TEST(ClassifyHttp, ReadsLimitsOfTheDraftAndOfHabit) {
    const auto observe = [](const Fields& fields) {
        const Classification got = read(test::generic_http(), 200, fields);
        return got.limits.empty() ? RateLimitTracker::Observation{} : got.limits[0].observation;
    };
    const auto draft = observe(
        {{"RateLimit-Policy", R"("day";q=5000;w=86400, "minute";q=100;w=60)"},
         {"RateLimit", R"("day";r=900;t=3600, "minute";r=7;t=20)"}}
    );
    EXPECT_EQ(draft.limit, 100);
    EXPECT_EQ(draft.remaining, 7);
    EXPECT_EQ(draft.reset, now.wall + 20s);
    const auto habit = observe(
        {{"X-RateLimit-Limit", "100, 100;w=60"},
         {"X-RateLimit-Remaining", "-3"},
         {"X-RateLimit-Reset", "1770552010"}}
    );
    EXPECT_EQ(habit.limit, 100);
    EXPECT_EQ(habit.remaining, 0);
    EXPECT_EQ(habit.reset, now.wall + 10s);
    const auto nonsense = observe(
        {{"X-RateLimit-Limit", "-1"},
         {"X-RateLimit-Remaining", "many"},
         {"X-RateLimit-Reset", "9999999999"}}
    );
    EXPECT_EQ(nonsense.limit, std::nullopt);
    EXPECT_EQ(nonsense.remaining, std::nullopt);
    EXPECT_EQ(nonsense.reset, std::nullopt);
}

// Not a limit of which nothing is left: that would slow every request down.
TEST(ClassifyHttp, ReadsNoLimitWhereThereIsNone) {
    for (const char* none : {"-1", "0"}) {
        SCOPED_TRACE(none);
        const Classification got = read(
            test::generic_http(),
            200,
            {{"X-RateLimit-Limit", none},
             {"X-RateLimit-Remaining", none},
             {"X-RateLimit-Reset", "1770552010"}}
        );
        EXPECT_TRUE(got.limits.empty());
    }
    const Classification told = read(test::generic_http(), 200, {{"X-RateLimit-Remaining", "-1"}});
    ASSERT_EQ(told.limits.size(), 1u) << "nobody says that there is no limit";
    EXPECT_EQ(told.limits[0].observation.remaining, 0);
}

TEST(Classify, SaysNothingOfLimitsAndQuotaThatTheAnswerDoesNotName) {
    const Classification got = read(test::sticky_calls(), 200);
    EXPECT_TRUE(got.limits.empty());
    EXPECT_EQ(got.quota_remaining, std::nullopt);
}

TEST(Classify, TakesAnEvenlyFailedAttemptForNotSent) {
    for (const auto kind :
         {FailureKind::resolve,
          FailureKind::connect,
          FailureKind::tls,
          FailureKind::timeout,
          FailureKind::reset}) {
        Failure failure;
        failure.kind = kind;
        failure.stage = Stage::connect;
        const Classification got = classify(test::truedy(), failure, ClockOffset{}, now);
        EXPECT_EQ(got.verdict, Verdict::transient);
        EXPECT_EQ(got.evidence, Evidence::not_sent);
        EXPECT_EQ(got.retry, Retry::always);
        EXPECT_EQ(got.hint, std::nullopt);
    }
}

TEST(Classify, TakesAFailureAfterTheFirstWrittenByteForAmbiguous) {
    const struct {
        std::string name;
        FailureKind kind;
        Stage stage;
        Reason reason;
    } rows[] = {
        {"write failed", FailureKind::send, Stage::send, Reason::unreachable},
        {"reset", FailureKind::reset, Stage::await_head, Reason::unreachable},
        {"no head in time", FailureKind::timeout, Stage::await_head, Reason::timeout},
        {"cut", FailureKind::truncated, Stage::receive_body, Reason::unreachable},
        {"no HTTP", FailureKind::malformed, Stage::await_head, Reason::unreachable},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        Failure failure;
        failure.kind = row.kind;
        failure.stage = row.stage;
        failure.written_any = true;
        const Classification got = classify(test::truedy(), failure, ClockOffset{}, now);
        EXPECT_EQ(got.verdict, Verdict::transient);
        EXPECT_EQ(got.evidence, Evidence::ambiguous);
        EXPECT_EQ(got.retry, Retry::repeatable);
        EXPECT_EQ(got.reason, row.reason);
    }
}

TEST(Classify, CorrectsDatesByTheClockOffset) {
    ClockOffset clock;
    clock.observe(now.wall + 1h, now, {now.steady, now.wall});
    ASSERT_TRUE(clock.offset());
    const Fields fields{{"X-RateLimit-Reset", "1770555640"}};  // 40 s ahead, an hour off
    ResponseHead head;
    head.status = 429;
    head.fields = fields;
    const Classification got = classify(test::levrage(), head, clock, now);
    ASSERT_TRUE(got.hint);
    const WallTime reset = clock.to_ours(now.wall + 1h + 40s);
    EXPECT_EQ(got.hint->delay, reset - now.wall + 1s);
    ASSERT_EQ(got.limits.size(), 1U);
    EXPECT_EQ(got.limits[0].observation.reset, reset);
}

// Rules that a user's dialect may have, and the built-in ones do not.
TEST(Classify, FollowsARuleThatIsStricterThanHttp) {
    Dialect dialect;
    Rule rule;
    rule.statuses = {429};
    rule.means = Verdict::rate_limited;
    rule.retry = Retry::never;
    dialect.rules = {rule};
    const Classification strict = read(dialect, 429);
    EXPECT_EQ(strict.evidence, Evidence::definite);
    EXPECT_EQ(strict.retry, Retry::never);
    dialect.rules[0].retry = Retry::repeatable;
    const Classification careful = read(dialect, 429);
    EXPECT_EQ(careful.evidence, Evidence::refused);
    EXPECT_EQ(careful.retry, Retry::repeatable);
}

TEST(Classify, NeverRetriesWhatIsFinalWhateverTheRuleSays) {
    for (const auto verdict : {Verdict::ok, Verdict::rejected, Verdict::quota_spent}) {
        Dialect dialect;
        Rule rule;
        rule.means = verdict;
        rule.retry = Retry::always;
        dialect.rules = {rule};
        const Classification got = read(dialect, 500);
        EXPECT_EQ(got.retry, Retry::never);
        EXPECT_EQ(got.evidence, Evidence::definite);
    }
}

TEST(Classify, KeepsA5xxAmbiguousThatARuleDoesNotRetry) {
    Dialect dialect;
    Rule rule;
    rule.means = Verdict::transient;
    rule.retry = Retry::never;
    dialect.rules = {rule};
    EXPECT_EQ(read(dialect, 500).evidence, Evidence::ambiguous);
    EXPECT_EQ(read(dialect, 400).evidence, Evidence::definite);
}

TEST(Classify, LetsARuleRetryA4xxOfRepeatableRequests) {
    Dialect dialect;
    Rule rule;
    rule.statuses = {408, 409};
    dialect.rules = {rule};
    const Classification got = read(dialect, 409);
    EXPECT_EQ(got.verdict, Verdict::transient);
    EXPECT_EQ(got.evidence, Evidence::ambiguous);
    EXPECT_EQ(got.retry, Retry::repeatable);
    EXPECT_EQ(got.reason, Reason::rejected);  // no fallback hides a 409
}

TEST(Classify, FindsErrorsOfAnApiThatAnswers200) {
    Dialect dialect;
    dialect.error.code = {json("/error")};
    Rule rule;
    rule.statuses = {200};
    rule.codes = {"busy"};
    rule.retry = Retry::always;
    dialect.rules = {rule};
    EXPECT_TRUE(wants_body(dialect, 200));
    EXPECT_EQ(read(dialect, 200, {}, R"({"error": "busy"})").verdict, Verdict::transient);
    EXPECT_EQ(read(dialect, 200, {}, R"({"fine": true})").verdict, Verdict::ok);
    EXPECT_FALSE(wants_body(dialect, 201));
}

TEST(Classify, BoundsWhatGoesToTheLog) {
    Dialect dialect;
    dialect.error.code = {header("X-Code")};
    dialect.error.request_id = {header("X-Request-Id")};
    const std::string code(1000, 'c');
    std::string id(127, 'i');
    id += "\xC3\xA4 and more";  // the 128th byte is the first of two
    const Classification got = read(dialect, 400, {{"X-Code", code}, {"X-Request-Id", id}});
    EXPECT_EQ(got.error_code, std::string(128, 'c'));
    EXPECT_EQ(got.request_id, std::string(127, 'i'));
}

TEST(Classify, MatchesCodesThatAreNumbers) {
    Dialect dialect;
    dialect.error.code = {json("/errno")};
    Rule rule;
    rule.codes = {"17"};
    rule.retry = Retry::always;
    dialect.rules = {rule};
    EXPECT_EQ(read(dialect, 400, {}, R"({"errno": 17})").retry, Retry::always);
    EXPECT_EQ(read(dialect, 400, {}, R"({"errno": 18})").retry, Retry::never);
}

TEST(WantsBody, IsTrueOnlyWhereSomethingIsReadFromIt) {
    const Dialect sticky = test::sticky_calls();
    for (const int status : {400, 402, 429, 500})
        EXPECT_TRUE(wants_body(sticky, status)) << status;
    for (const int status : {101, 200, 204, 302})
        EXPECT_FALSE(wants_body(sticky, status)) << status;
    EXPECT_FALSE(wants_body(test::generic_http(), 429));
    EXPECT_FALSE(wants_body(test::generic_http(), 500));

    Dialect delay_only;
    delay_only.delays = {{json("/wait"), DelayFormat::seconds, {429}}};
    EXPECT_TRUE(wants_body(delay_only, 429));
    EXPECT_FALSE(wants_body(delay_only, 500));

    Dialect text_only;
    Rule rule;
    rule.statuses = {503};
    rule.contains = "maintenance";
    text_only.rules = {rule};
    EXPECT_TRUE(wants_body(text_only, 503));
    EXPECT_FALSE(wants_body(text_only, 500));
}

// Whatever an upstream sends, the answer is within bounds.
RC_GTEST_PROP(
    Classify, StaysWithinBoundsForAnyAnswer, (const std::string& value, const std::string& body)
) {
    const auto status = *rc::gen::inRange(0, 700);
    const Fields fields{
        {"Retry-After", value},
        {"RateLimit", value},
        {"X-RateLimit-Limit", value},
        {"X-RateLimit-Reset", value}};
    for (const auto& dialect :
         {test::sticky_calls(),
          test::levrage(),
          test::leavo(),
          test::truedy(),
          test::generic_http()}) {
        const Classification got =
            read(dialect, status, fields, R"({"retryAfter": ")" + value + "\"}" + body);
        const Duration wait = got.hint ? got.hint->delay : Duration::zero();
        RC_ASSERT(wait >= Duration::zero());
        RC_ASSERT(wait <= Duration(24h));
        RC_ASSERT(got.error_code.size() <= 128U);
        RC_ASSERT(status < 200 || status >= 400 || got.verdict == Verdict::ok);
    }
}

}  // namespace
}  // namespace backstop::policy
