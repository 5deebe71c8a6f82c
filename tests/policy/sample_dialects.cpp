#include "tests/policy/sample_dialects.hpp"

#include <chrono>

namespace backstop::test {
namespace {

using namespace std::chrono_literals;
using namespace policy;

Rule rule(std::string name, StatusSet statuses, Verdict means, Retry retry) {
    Rule out;
    out.name = std::move(name);
    out.statuses = statuses;
    out.means = means;
    out.retry = retry;
    return out;
}

LimitShape rate_limit_headers() {
    LimitShape out;
    out.limit = {header("X-RateLimit-Limit")};
    out.remaining = {header("X-RateLimit-Remaining")};
    return out;
}

}  // namespace

Dialect sticky_calls() {
    Dialect out;
    out.name = "sticky-calls";
    out.title = "Sticky Calls";
    out.key_header = "X-Idempotency-Key";
    Rule too_many_at_once =
        rule("too many at once", {429}, Verdict::concurrency_limited, Retry::always);
    too_many_at_once.contains = "concurren";
    out.rules = {
        rule("monthly quota exhausted", {402}, Verdict::quota_spent, Retry::never),
        too_many_at_once,
        rule("rate limit exceeded", {429}, Verdict::rate_limited, Retry::always),
        rule("server error", {500, 502, 503, 504}, Verdict::transient, Retry::repeatable),
    };
    out.delays = {
        {json("/retryAfter"), DelayFormat::seconds, {429}},
        {json("/resetAt"), DelayFormat::iso8601, {429}},
        {header("Retry-After"), DelayFormat::seconds_or_date, {}},
    };
    out.error.code = {json("/error")};
    LimitShape limit = rate_limit_headers();
    limit.limit.push_back(json("/limit"));
    limit.used = {json("/currentUsage")};
    limit.reset = {{json("/resetAt"), DelayFormat::iso8601, {}}};
    out.limits = {limit};
    out.quota.remaining = {header("X-Quota-Remaining"), json("/quota_remaining")};
    out.local_error.body =
        JsonTemplate::parse(R"({"error": "{{error.phrase}}", "message": "{{error.message}}"})");
    out.local_error.bodies[429] = JsonTemplate::parse(
        R"({"error": "{{error.phrase}}", "message": "{{error.message}}",
            "retryAfter": "{{retry_after?}}", "currentUsage": "{{used?}}",
            "limit": "{{limit?}}", "resetAt": "{{reset_at?}}"})"
    );
    out.local_error.headers = {
        {"X-RateLimit-Limit", "{{limit}}"},
        {"X-RateLimit-Remaining", "{{remaining}}"},
    };
    return out;
}

Dialect levrage() {
    Dialect out;
    out.name = "levrage";
    out.title = "Levrage";
    out.base_path = "/v1";
    out.limits_per_address = true;
    Rule credits = rule("out of credits", {}, Verdict::quota_spent, Retry::never);
    credits.codes = {"quota_exceeded"};
    Rule bad_gateway = rule("bad gateway", {502}, Verdict::transient, Retry::always);
    bad_gateway.wait_min = 1s;
    bad_gateway.wait_max = 2s;
    Rule maintenance = rule("maintenance", {503}, Verdict::transient, Retry::always);
    maintenance.wait_min = 30s;
    Rule timeout = rule("gateway timeout", {504}, Verdict::transient, Retry::always);
    timeout.timeout_factor = 2;
    out.rules = {
        credits,
        rule("rate limited", {429}, Verdict::rate_limited, Retry::always),
        rule("internal error", {500}, Verdict::transient, Retry::always),
        bad_gateway,
        maintenance,
        timeout,
    };
    out.delays = {
        {header("X-RateLimit-Reset"), DelayFormat::epoch_seconds, {429}},
        {header("Retry-After"), DelayFormat::seconds_or_date, {}},
    };
    out.error.code = {json("/error/code")};
    out.error.request_id = {json("/request_id")};
    LimitShape limit = rate_limit_headers();
    limit.reset = {{header("X-RateLimit-Reset"), DelayFormat::epoch_seconds, {}}};
    out.limits = {limit};
    out.quota.reason = {json("/error/code")};
    out.quota.reasons = {"quota_exceeded"};
    out.local_error.body = JsonTemplate::parse(
        R"({"success": false,
            "error": {"code": "{{error.code}}", "message": "{{error.message}}"},
            "request_id": "{{error.id}}", "timestamp": "{{now}}"})"
    );
    out.local_error.codes = {{429, "rate_limited"}, {503, "service_unavailable"}};
    out.local_error.default_code = "internal_error";
    out.local_error.headers = {
        {"X-RateLimit-Limit", "{{limit}}"},
        {"X-RateLimit-Remaining", "{{remaining}}"},
        {"X-RateLimit-Reset", "{{reset_epoch}}"},
    };
    return out;
}

Dialect leavo() {
    Dialect out;
    out.name = "leavo";
    out.title = "Leavo";
    Rule limited = rule("rate limit exceeded", {429}, Verdict::rate_limited, Retry::always);
    limited.wait_default = 60s;
    out.rules = {
        limited,
        rule("server error", {500, 502, 503, 504}, Verdict::transient, Retry::always),
    };
    out.delays = {
        {json("/error/details/retry_after"), DelayFormat::seconds, {429}},
        {header("Retry-After"), DelayFormat::seconds_or_date, {}},
    };
    out.error.code = {json("/error/code")};
    return out;
}

Dialect truedy() {
    Dialect out;
    out.name = "truedy";
    out.title = "Truedy";
    out.base_path = "/api/public/v1";
    out.key_header = "X-Idempotency-Key";
    out.rules = {
        rule("payment required", {402}, Verdict::quota_spent, Retry::never),
        rule("rate limit exceeded", {429}, Verdict::rate_limited, Retry::always),
        rule("server error", {500, 502, 503, 504}, Verdict::transient, Retry::repeatable),
    };
    out.delays = {
        {header("Retry-After"), DelayFormat::seconds_or_date, {}},
        {json("/error/details/reset_at"), DelayFormat::iso8601, {429}},
    };
    out.error.code = {json("/error/code")};
    out.error.request_id = {json("/meta/request_id")};
    LimitShape limit = rate_limit_headers();
    limit.limit.push_back(json("/error/details/limit"));
    limit.reset = {{json("/error/details/reset_at"), DelayFormat::iso8601, {}}};
    out.limits = {limit};
    out.quota.remaining = {json("/error/details/balance")};
    out.quota.required = {json("/error/details/required")};
    out.quota.reason = {json("/error/details/reason")};
    out.quota.reasons = {
        "trial_not_started", "trial_expired", "subscription_inactive", "insufficient_credits"};
    return out;
}

Dialect generic_http() {
    Dialect out;
    out.name = "http";
    out.key_header = "Idempotency-Key";
    out.delays = {
        {header("Retry-After"), DelayFormat::seconds_or_date, {}},
        {header("RateLimit", "t"), DelayFormat::seconds, {429}},
        {header("RateLimit", "reset"), DelayFormat::seconds, {429}},
        {header("X-RateLimit-Reset"), DelayFormat::automatic, {429}},
    };
    LimitShape limit;
    limit.limit = {header("RateLimit-Policy", "q"), header("X-RateLimit-Limit")};
    limit.remaining = {header("RateLimit", "r"), header("X-RateLimit-Remaining")};
    limit.reset = {
        {header("RateLimit", "t"), DelayFormat::seconds, {}},
        {header("X-RateLimit-Reset"), DelayFormat::automatic, {}},
    };
    out.limits = {limit};
    return out;
}

}  // namespace backstop::test
