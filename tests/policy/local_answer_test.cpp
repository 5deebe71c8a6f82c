#include "policy/local_answer.hpp"

#include "policy/json_view.hpp"
#include "tests/policy/sample_dialects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Moment now{Instant(1000h), WallTime(1770552000s)};  // 2026-02-08 12:00:00 UTC

Rules rules_for(Dialect dialect) {
    Rules out;
    out.upstream = dialect.name;
    out.dialect = std::make_shared<const Dialect>(std::move(dialect));
    return out;
}

LocalContext context() {
    LocalContext out;
    out.now = now;
    out.id = "backstop-1";
    return out;
}

std::optional<std::string> field(const LocalAnswer& answer, std::string_view name) {
    std::optional<std::string> found;
    for (const auto& [key, value] : answer.fields) {
        if (key != name) continue;
        EXPECT_FALSE(found) << name << " stands there twice";
        found = value;
    }
    return found;
}

Substitute refusal(Reason reason, int status, std::optional<Duration> retry_after = {}) {
    Substitute out;
    out.reason = reason;
    out.status = status;
    out.retry_after = retry_after;
    return out;
}

TEST(LocalAnswer, SaysWhoAnsweredAndWhy) {
    const LocalAnswer got =
        answer(rules_for(test::leavo()), refusal(Reason::circuit_open, 503, 4200ms), context());
    EXPECT_EQ(got.status, 503);
    EXPECT_EQ(field(got, "Backstop-Outcome"), "local_error");
    EXPECT_EQ(field(got, "Backstop-Reason"), "circuit_open");
    EXPECT_EQ(field(got, "Cache-Control"), "no-store");
    EXPECT_EQ(field(got, "Retry-After"), "5");
    EXPECT_EQ(field(got, "X-Should-Retry"), "false");
    EXPECT_EQ(field(got, "Stripe-Should-Retry"), "false");
    EXPECT_EQ(
        field(got, "Proxy-Status"),
        R"(backstop; error=destination_unavailable; details="Leavo keeps failing; nothing is sent )"
        R"(to it for the moment. Try again in 5 seconds.")"
    );
}

TEST(LocalAnswer, SpeaksStickyCallsAt429) {
    RateLimitTracker::State limit;
    limit.limit = 100;
    limit.remaining = 0;
    LocalContext at = context();
    at.limit = &limit;
    const LocalAnswer got =
        answer(rules_for(test::sticky_calls()), refusal(Reason::rate_limited, 429, 41500ms), at);
    EXPECT_EQ(got.content_type, "application/json");
    const JsonView body = JsonView::parse(got.body);
    EXPECT_EQ(body.text("/error"), "Too Many Requests");
    EXPECT_EQ(
        body.text("/message"), "The rate limit of Sticky Calls is used up. Try again in 42 seconds."
    );
    EXPECT_EQ(body.number("/retryAfter"), 42);
    EXPECT_EQ(body.text("/resetAt"), "2026-02-08T12:00:41.500Z");
    EXPECT_EQ(body.number("/limit"), 100);
    EXPECT_EQ(body.number("/currentUsage"), 100);
    EXPECT_EQ(field(got, "Retry-After"), "42");
    EXPECT_EQ(field(got, "X-RateLimit-Limit"), "100");
    EXPECT_EQ(field(got, "X-RateLimit-Remaining"), "0");
}

TEST(LocalAnswer, LeavesOutWhatWasNeverObserved) {
    const LocalAnswer got =
        answer(rules_for(test::sticky_calls()), refusal(Reason::rate_limited, 429), context());
    EXPECT_EQ(got.body.find("retryAfter"), std::string::npos) << got.body;
    EXPECT_EQ(got.body.find("null"), std::string::npos) << got.body;
    EXPECT_EQ(field(got, "X-RateLimit-Limit"), std::nullopt);
    EXPECT_EQ(field(got, "Retry-After"), std::nullopt);
}

TEST(LocalAnswer, SpeaksLevrageAt429) {
    const LocalAnswer got =
        answer(rules_for(test::levrage()), refusal(Reason::rate_limited, 429, 10100ms), context());
    const JsonView body = JsonView::parse(got.body);
    EXPECT_EQ(body.scalar("/success"), JsonScalar(false));
    EXPECT_EQ(body.text("/error/code"), "rate_limited");
    EXPECT_EQ(body.text("/request_id"), "backstop-1");
    EXPECT_EQ(body.text("/timestamp"), "2026-02-08T12:00:00.000Z");
    // Its callers wait until this epoch; rounded up, or they would come too early.
    EXPECT_EQ(field(got, "X-RateLimit-Reset"), "1770552011");
}

// What a breaker of ours waits for says nothing of the API's window.
TEST(LocalAnswer, TellsOfTheApisWindowInA429Only) {
    const Rules rules = rules_for(test::levrage());
    const auto has_reset = [&](Reason reason, int status) {
        const LocalAnswer got = answer(rules, refusal(reason, status, 5s), context());
        return field(got, "X-RateLimit-Reset").has_value();
    };
    EXPECT_TRUE(has_reset(Reason::rate_limited, 429));
    EXPECT_FALSE(has_reset(Reason::circuit_open, 503));
    EXPECT_FALSE(has_reset(Reason::unreachable, 502));
}

TEST(LocalAnswer, TakesTheDialectsDefaultCode) {
    const LocalAnswer got =
        answer(rules_for(test::levrage()), refusal(Reason::timeout, 504), context());
    EXPECT_EQ(JsonView::parse(got.body).text("/error/code"), "internal_error");
}

TEST(LocalAnswer, IsAProblemDocumentWhereTheDialectHasNoEnvelope) {
    for (const bool with_dialect : {true, false}) {
        Rules rules = rules_for(test::generic_http());
        rules.upstream = "crm";
        if (!with_dialect) rules.dialect = nullptr;
        const LocalAnswer got = answer(rules, refusal(Reason::timeout, 504), context());
        EXPECT_EQ(got.content_type, "application/problem+json");
        const JsonView body = JsonView::parse(got.body);
        EXPECT_EQ(body.text("/type"), "about:blank");
        EXPECT_EQ(body.text("/title"), "Gateway Timeout");
        EXPECT_EQ(body.number("/status"), 504);
        EXPECT_EQ(body.text("/detail"), "crm did not answer in time.");
    }
}

TEST(LocalAnswer, SaysThatAnOutcomeIsUnknown) {
    Substitute timeout = refusal(Reason::timeout, 504, 5s);
    timeout.outcome_unknown = true;
    const LocalAnswer got = answer(rules_for(test::truedy()), timeout, context());
    EXPECT_EQ(
        JsonView::parse(got.body).text("/detail"),
        "Truedy did not answer in time. The request was sent, and Truedy may have acted on it: its "
        "outcome is unknown."
    );
    EXPECT_THAT(*field(got, "Proxy-Status"), HasSubstr("outcome is unknown"));
}

TEST(LocalAnswer, TellsAPersonWhatHappened) {
    const struct {
        Reason reason;
        FailureKind failure;
        int received_status;
        std::string expected;
    } rows[] = {
        {Reason::unreachable, FailureKind::none, 0, "Truedy could not be reached."},
        {Reason::unreachable,
         FailureKind::resolve,
         0,
         "Truedy could not be reached: its host name has no address."},
        {Reason::unreachable,
         FailureKind::tls,
         0,
         "Truedy could not be reached: the TLS handshake failed."},
        {Reason::unreachable,
         FailureKind::reset,
         0,
         "Truedy closed the connection without an answer."},
        {Reason::unreachable,
         FailureKind::truncated,
         0,
         "Truedy broke off in the middle of its answer."},
        {Reason::unreachable,
         FailureKind::malformed,
         0,
         "Truedy sent an answer that is not valid HTTP."},
        {Reason::timeout, FailureKind::timeout, 0, "Truedy did not answer in time."},
        {Reason::server_error, FailureKind::none, 503, "Truedy failed with status 503."},
        {Reason::server_error, FailureKind::none, 0, "Truedy failed."},
        {Reason::quota_exhausted, FailureKind::none, 402, "The quota of Truedy is used up."},
        {Reason::draining, FailureKind::none, 0, "backstop is shutting down."},
        {Reason::internal_error, FailureKind::none, 0, "backstop failed on this request."},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.expected);
        Substitute substitute = refusal(row.reason, 502);
        substitute.failure = row.failure;
        substitute.received_status = row.received_status;
        const LocalAnswer got = answer(rules_for(test::truedy()), substitute, context());
        EXPECT_EQ(JsonView::parse(got.body).text("/detail"), row.expected);
    }
}

TEST(LocalAnswer, HasASentenceAndAllFieldsForEveryReason) {
    for (int i = 0; i <= static_cast<int>(Reason::client_gone); ++i) {
        const auto reason = static_cast<Reason>(i);
        SCOPED_TRACE(word(reason));
        const LocalAnswer got =
            answer(rules_for(test::truedy()), refusal(reason, 502, 1s), context());
        EXPECT_THAT(
            JsonView::parse(got.body).text("/detail").value_or(""),
            testing::EndsWith(". Try again in 1 second.")
        );
        EXPECT_EQ(field(got, "Backstop-Reason"), word(reason));
        EXPECT_EQ(field(got, "Retry-After"), "1");
    }
}

class FallbackAnswer : public testing::Test {
protected:
    FallbackAnswer() {
        fallback_.body = JsonTemplate::parse(
            R"({"hasContext": false, "call_id": "{{request.body./call_id}}", "call_start": "{{now}}"})"
        );
    }
    LocalAnswer get(Reason reason) {
        Substitute substitute = refusal(reason, 502, 30s);
        substitute.fallback = &fallback_;
        substitute.received_status = 500;
        LocalContext at = context();
        at.request_body = R"({"call_id": "call_12345"})";
        return answer(rules_for(test::sticky_calls()), substitute, at);
    }

    Fallback fallback_;
};

TEST_F(FallbackAnswer, IsFilledInFromTheRequest) {
    const LocalAnswer got = get(Reason::server_error);
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.content_type, "application/json");
    EXPECT_EQ(
        got.body,
        R"({"hasContext":false,"call_id":"call_12345","call_start":"2026-02-08T12:00:00.000Z"})"
    );
}

TEST_F(FallbackAnswer, SaysThatItIsOne) {
    const LocalAnswer got = get(Reason::server_error);
    EXPECT_EQ(field(got, "Backstop-Outcome"), "fallback");
    EXPECT_EQ(field(got, "Backstop-Reason"), "server_error");
    EXPECT_EQ(field(got, "Cache-Control"), "no-store");
    EXPECT_THAT(
        *field(got, "Proxy-Status"),
        HasSubstr("error=destination_unavailable; received-status=500;")
    );
}

TEST_F(FallbackAnswer, AsksForNoRetryUnlessItIsAnError) {
    const LocalAnswer fine = get(Reason::rate_limited);
    EXPECT_EQ(field(fine, "Retry-After"), std::nullopt);
    EXPECT_EQ(field(fine, "X-Should-Retry"), std::nullopt);
    fallback_.status = 503;
    const LocalAnswer error = get(Reason::rate_limited);
    EXPECT_EQ(error.status, 503);
    EXPECT_EQ(field(error, "Retry-After"), "30");
    EXPECT_EQ(field(error, "X-Should-Retry"), "false");
}

TEST(Refuse, SpeaksTheDialectAboutBadRequests) {
    const LocalAnswer got =
        refuse(rules_for(test::sticky_calls()), 413, "The body is longer than 1 MiB.", context());
    EXPECT_EQ(got.status, 413);
    const JsonView body = JsonView::parse(got.body);
    EXPECT_EQ(body.text("/error"), "Content Too Large");
    EXPECT_EQ(body.text("/message"), "The body is longer than 1 MiB.");
    EXPECT_EQ(field(got, "Backstop-Outcome"), "local_error");
    EXPECT_EQ(field(got, "Backstop-Reason"), "bad_request");
    EXPECT_EQ(field(got, "X-Should-Retry"), "false");
    EXPECT_THAT(*field(got, "Proxy-Status"), HasSubstr("error=http_request_error;"));
    EXPECT_EQ(field(got, "Allow"), std::nullopt);
}

TEST(Refuse, NamesTheMethodsThatAreAllowed) {
    const LocalAnswer got = refuse(rules_for(test::leavo()), 405, "No TRACE.", context());
    EXPECT_EQ(field(got, "Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

TEST(Refuse, CallsA500ABugOfOurs) {
    const LocalAnswer got = refuse(rules_for(test::leavo()), 500, "backstop failed.", context());
    EXPECT_EQ(field(got, "Backstop-Reason"), "internal_error");
    EXPECT_THAT(*field(got, "Proxy-Status"), HasSubstr("error=proxy_internal_error;"));
}

TEST(Refuse, HasAPhraseForEachStatusOfOurs) {
    for (const int status :
         {400, 405, 408, 413, 414, 417, 422, 429, 431, 500, 501, 502, 503, 504, 505}) {
        const LocalAnswer got = refuse(rules_for(test::generic_http()), status, "Text.", context());
        EXPECT_NE(JsonView::parse(got.body).text("/title"), "Unknown") << status;
    }
}

}  // namespace
}  // namespace backstop::policy
