// The dialect of any other API: the standards, one response each.
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

Upstream http() {
    return test::upstream_of("http", "https://api.example.com");
}

TEST(Http, FollowsTheStatusTable) {
    struct Row {
        int status;
        Verdict verdict;
        Retry retry;
    };
    const Row rows[] = {
        {200, Verdict::ok, Retry::never},
        {302, Verdict::ok, Retry::never},
        {400, Verdict::rejected, Retry::never},
        {402, Verdict::quota_spent, Retry::never},
        {408, Verdict::rejected, Retry::never},
        {409, Verdict::rejected, Retry::never},
        {421, Verdict::transient, Retry::always},
        {429, Verdict::rate_limited, Retry::always},
        {500, Verdict::transient, Retry::repeatable},
        {501, Verdict::transient, Retry::never},
        {502, Verdict::transient, Retry::repeatable},
        {503, Verdict::transient, Retry::repeatable},
        {504, Verdict::transient, Retry::repeatable},
        {520, Verdict::transient, Retry::never},
        {599, Verdict::transient, Retry::never},
    };
    const auto dialect = builtin("http");
    for (const Row& row : rows) {
        SCOPED_TRACE(row.status);
        EXPECT_EQ(classified(*dialect, row.status).verdict, row.verdict);
        EXPECT_EQ(classified(*dialect, row.status).retry, row.retry);
    }
}

TEST(Http, WaitsAsEachHeaderSays) {
    struct Row {
        const char* name;
        std::vector<policy::Field> fields;
        policy::Duration delay;
    };
    const Row rows[] = {
        {"Retry-After, seconds", {{"Retry-After", "7"}}, 7s},
        {"Retry-After, date", {{"Retry-After", "Sun, 08 Feb 2026 12:00:07 GMT"}}, 8s},
        {"RateLimit, structured", {{"RateLimit", R"("default";r=0;t=9)"}}, 9s},
        {"RateLimit, dictionary", {{"RateLimit", "limit=100, remaining=0, reset=9"}}, 9s},
        {"RateLimit-Reset", {{"RateLimit-Reset", "9"}}, 9s},
        {"X-RateLimit-Reset, seconds", {{"X-RateLimit-Reset", "9"}}, 9s},
        {"X-RateLimit-Reset, epoch", {{"X-RateLimit-Reset", "1770552009"}}, 10s},
        {"Retry-After first", {{"X-RateLimit-Reset", "60"}, {"Retry-After", "7"}}, 7s},
    };
    const auto dialect = builtin("http");
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const policy::Classification result = classified(*dialect, 429, {}, row.fields);
        ASSERT_TRUE(result.hint);
        EXPECT_EQ(result.hint->delay, row.delay);
    }
}

TEST(Http, ReadsLimitsInEachOfTheirForms) {
    struct Row {
        const char* name;
        std::vector<policy::Field> fields;
    };
    const Row rows[] = {
        {"X-RateLimit-*", {{"X-RateLimit-Limit", "100"}, {"X-RateLimit-Remaining", "40"}}},
        {"RateLimit-*", {{"RateLimit-Limit", "100"}, {"RateLimit-Remaining", "40"}}},
        {"structured",
         {{"RateLimit-Policy", R"("default";q=100;w=60)"}, {"RateLimit", R"("default";r=40;t=9)"}}},
        {"dictionary", {{"RateLimit", "limit=100, remaining=40, reset=9"}}},
    };
    const auto dialect = builtin("http");
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const policy::Classification result = classified(*dialect, 200, {}, row.fields);
        ASSERT_EQ(result.limits.size(), 1U);
        EXPECT_EQ(result.limits[0].observation.limit, 100);
        EXPECT_EQ(result.limits[0].observation.remaining, 40);
    }
}

TEST(Http, TellsTooManyAtOnceFromTooManyInAWindow) {
    const policy::Classification result =
        classified(*builtin("http"), 429, R"({"message": "Concurrency limit reached"})");
    EXPECT_EQ(result.verdict, Verdict::concurrency_limited);
    EXPECT_EQ(result.retry, Retry::always);
}

TEST(Http, SendsNoKeysByItself) {
    const Upstream upstream = http();
    EXPECT_EQ(upstream.rules.dialect->key_header, "Idempotency-Key");
    EXPECT_TRUE(upstream.rules.routes.empty());
    EXPECT_FALSE(upstream.rules.other.keyed);
    EXPECT_EQ(upstream.rules.other.deadline, 15s);
    EXPECT_EQ(upstream.rules.other.attempt, 10s);
}

TEST(Http, AnswersWithProblemDetails) {
    const policy::LocalAnswer answer = test::own_error(http(), Reason::timeout, 504);
    EXPECT_EQ(answer.content_type, "application/problem+json");
    EXPECT_EQ(
        answer.body,
        R"({"type":"about:blank","title":"Gateway Timeout","status":504,)"
        R"("detail":"api did not answer in time. Try again in 12 seconds.","retry_after":12})"
    );
}

}  // namespace
}  // namespace backstop::config
