// Every example response of the error handling guide of Leavo.
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

Upstream leavo() {
    return test::upstream_of("leavo", "https://api.leavo.ai");
}

TEST(Leavo, PassesWhatTheCallerMustFix) {
    struct Row {
        int status;
        const char* body;
        const char* code;
    };
    const Row rows[] = {
        {401,
         R"({"error": {"code": "UNAUTHORIZED", "message": "Invalid or missing API key"}})",
         "UNAUTHORIZED"},
        {403,
         R"({"error": {"code": "FORBIDDEN",
             "message": "You don't have permission to access this resource"}})",
         "FORBIDDEN"},
        {400,
         R"({"error": {"code": "VALIDATION_ERROR", "message": "Invalid request data",
             "details": {"field": "email", "reason": "Invalid email format"}}})",
         "VALIDATION_ERROR"},
        {400,
         R"({"error": {"code": "MISSING_FIELD", "message": "Required field missing",
             "details": {"field": "phone"}}})",
         "MISSING_FIELD"},
        {404, R"({"error": {"code": "NOT_FOUND", "message": "Lead not found"}})", "NOT_FOUND"},
        {409,
         R"({"error": {"code": "ALREADY_EXISTS",
             "message": "A lead with this phone number already exists"}})",
         "ALREADY_EXISTS"},
        {400,
         R"({"success": false, "error": {"code": "ERROR_CODE", "message": "Error description",
             "details": {}}})",
         "ERROR_CODE"},
    };
    const auto dialect = builtin("leavo");
    for (const Row& row : rows) {
        SCOPED_TRACE(row.code);
        const policy::Classification result = classified(*dialect, row.status, row.body);
        EXPECT_EQ(result.verdict, Verdict::rejected);
        EXPECT_EQ(result.retry, Retry::never);
        EXPECT_EQ(result.evidence, Evidence::definite);
        EXPECT_EQ(result.error_code, row.code);
    }
}

TEST(Leavo, WaitsAsLongAsTheDetailsSay) {
    const policy::Classification result = classified(*builtin("leavo"), 429, R"({
        "error": {"code": "RATE_LIMIT_EXCEEDED", "message": "Too many requests",
                  "details": {"retry_after": 17}}})");
    EXPECT_EQ(result.verdict, Verdict::rate_limited);
    EXPECT_EQ(result.retry, Retry::always);
    EXPECT_EQ(result.error_code, "RATE_LIMIT_EXCEEDED");
    ASSERT_TRUE(result.hint);
    EXPECT_EQ(result.hint->delay, 17s);
    EXPECT_EQ(result.hint->source, WaitSource::body);
}

TEST(Leavo, TakesTheBodyBeforeTheHeaderAndTheHeaderBeforeAMinute) {
    const auto dialect = builtin("leavo");
    const std::vector<policy::Field> header{{"Retry-After", "20"}};
    const char* const body = R"({"error": {"details": {"retry_after": 17}}})";
    EXPECT_EQ(classified(*dialect, 429, body, header).hint->delay, 17s);
    EXPECT_EQ(classified(*dialect, 429, "{}", header).hint->delay, 20s);
    EXPECT_EQ(classified(*dialect, 429, "{}").hint->delay, 60s);
    EXPECT_EQ(classified(*dialect, 429, "").hint->delay, 60s);
}

TEST(Leavo, RetriesServerErrorsWhateverTheMethod) {
    const auto dialect = builtin("leavo");
    for (const int status : {500, 502, 503, 504}) {
        SCOPED_TRACE(status);
        const policy::Classification result = classified(*dialect, status);
        EXPECT_EQ(result.verdict, Verdict::transient);
        EXPECT_EQ(result.retry, Retry::always);
        EXPECT_FALSE(result.hint);
    }
    EXPECT_EQ(classified(*dialect, 501).retry, Retry::never);
    EXPECT_EQ(test::timed_out(*dialect, true).retry, Retry::repeatable);
}

TEST(Leavo, NamesItsRoutes) {
    const Upstream upstream = leavo();
    struct Row {
        const char* target;
        const char* label;
    };
    const Row rows[] = {
        {"/backend/leads", "/backend/leads"},
        {"/backend/leads/42", "/backend/leads/{id}"},
        {"/backend/tags", "/backend/tags"},
        {"/backend/status", "/backend/status"},
        {"/backend/webhooks", "/backend/webhooks"},
        {"/ai/process", "/ai/process"},
        {"/backend/conversations", "/backend/conversations"},
        {"/backend/conversations/stream?token=secret", "/backend/conversations/stream"},
        {"/backend/messages/42", "/backend/messages/{lead_id}"},
        {"/backend/messages/send", "/backend/messages/send"},
        {"/backend/messages/media", "/backend/messages/media"},
        {"/backend/messages/42/more", "other"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(test::route_label(upstream, "POST", row.target), row.label) << row.target;
    EXPECT_EQ(upstream.rules.other.deadline, 90s);
    EXPECT_EQ(upstream.rules.other.attempt, 20s);
}

TEST(Leavo, SpeaksItsEnvelopeInErrorsOfOurOwn) {
    const Upstream upstream = leavo();
    EXPECT_EQ(
        test::own_error(upstream, Reason::rate_limited, 429).body,
        R"({"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","message":"The rate limit of )"
        R"(Leavo is used up. Try again in 12 seconds.","details":{"retry_after":12}}})"
    );
    EXPECT_EQ(
        policy::refuse(upstream.rules, 400, "The head is broken.", {}).body,
        R"({"success":false,"error":{"code":"VALIDATION_ERROR","message":"The head is broken.",)"
        R"("details":{"reason":"The head is broken."}}})"
    );
}

}  // namespace
}  // namespace backstop::config
