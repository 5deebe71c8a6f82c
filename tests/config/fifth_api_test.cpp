// An API that backstop has never heard of needs a TOML file and no C++.
#include "config/load.hpp"
#include "policy/classify.hpp"
#include "policy/local_answer.hpp"
#include "policy/plan.hpp"

#include <gtest/gtest.h>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;

// It numbers its errors, names its delay in milliseconds in a header of its own, calls 420 what
// others call 429, reports overload as a 200, and counts its quota in minutes.
constexpr const char* telephonia = R"(
name               = "telephonia"
title              = "Telephonia"
base_path          = "/rest"
idempotency_header = "Tel-Once"
deadline           = "8s"
attempt            = "3s"

[error]
code       = "/fault/no"
request_id = "Tel-Trace"

[[rule]]
name   = "out of minutes"
status = "4xx"
code   = ["7001", "7002"]
means  = "quota_spent"
retry  = "never"

[[rule]]
name         = "enhance your calm"
status       = 420
means        = "rate_limited"
retry        = "always"
wait_default = "2s"

[[rule]]
name   = "overload as success"
status = 200
code   = "9"
means  = "transient"
retry  = "always"

[[delay]]
from = "Tel-Backoff"
as   = "milliseconds"

[[limit]]
scope     = "dial"
limit     = "Tel-Window;max"
remaining = "Tel-Window;left"
reset     = { from = "Tel-Window;until", as = "epoch_milliseconds" }

[quota]
remaining = "/fault/minutes"
reason    = "/fault/why"
reasons   = ["prepaid", "capped"]

[local_error]
content_type = "application/vnd.telephonia+json"
body         = '{"fault": {"no": "{{error.code}}", "text": "{{error.message}}"}}'
default_code = "1"
codes        = { 503 = "9" }
headers      = { "Tel-Backoff" = "{{retry_after}}000" }

[[route]]
match      = "POST /dial"
keyed      = true
natural_id = "/leg/id"
scope      = "dial"
attempts   = 2

[[route.fallback]]
on   = ["circuit_open"]
body = '{"leg": "{{request.body./leg/id}}", "state": "unknown"}'
)";

Upstream telephonia_upstream() {
    const Surroundings surroundings{
        .environment = {},
        .read_file = [](const std::string&) { return std::string(telephonia); },
    };
    const Loaded loaded = load(
        "[[upstream]]\nname = \"tel\"\nlisten = \"127.0.0.1:8080\"\n"
        "url = \"https://telephonia.example\"\ndialect = \"dialects/telephonia.toml\"\n",
        "backstop.toml",
        surroundings
    );
    for (const Diagnostic& found : loaded.diagnostics)
        ADD_FAILURE() << to_string(found);
    return loaded.config.value_or(Config{.upstreams = {Upstream{}}}).upstreams.front();
}

policy::Classification classified(
    const Upstream& upstream,
    int status,
    std::string_view body,
    const std::vector<policy::Field>& fields
) {
    const policy::Moment present{policy::Instant(1h), policy::WallTime(1'000'000s)};
    const policy::ResponseHead head{.status = status, .fields = fields, .body = body};
    return policy::classify(*upstream.rules.dialect, head, policy::ClockOffset{}, present);
}

TEST(FifthApi, IsUnderstoodFromItsFileAlone) {
    const Upstream upstream = telephonia_upstream();
    const policy::Classification calm =
        classified(upstream, 420, "", {{"tel-backoff", "1500"}, {"tel-trace", "t-1"}});
    EXPECT_EQ(calm.verdict, policy::Verdict::rate_limited);
    EXPECT_EQ(calm.hint.value().delay, 1500ms);
    EXPECT_EQ(calm.request_id, "t-1");
    EXPECT_EQ(classified(upstream, 420, "", {}).hint.value().delay, 2s);

    const policy::Classification spent =
        classified(upstream, 403, R"({"fault": {"no": 7002, "minutes": 0, "why": "capped"}})", {});
    EXPECT_EQ(spent.verdict, policy::Verdict::quota_spent);
    EXPECT_EQ(spent.quota_reason, "capped");
    EXPECT_EQ(spent.quota_remaining, 0);

    EXPECT_TRUE(policy::wants_body(*upstream.rules.dialect, 200));
    EXPECT_EQ(
        classified(upstream, 200, R"({"fault": {"no": "9"}})", {}).verdict,
        policy::Verdict::transient
    );
    EXPECT_EQ(classified(upstream, 200, R"({"leg": 1})", {}).verdict, policy::Verdict::ok);

    const policy::Classification limits =
        classified(upstream, 200, "", {{"Tel-Window", "max=50, left=3, until=1000010000"}});
    ASSERT_EQ(limits.limits.size(), 1U);
    EXPECT_EQ(limits.limits[0].observation.limit, 50);
    EXPECT_EQ(limits.limits[0].observation.remaining, 3);
    EXPECT_EQ(limits.limits[0].observation.reset, policy::WallTime(1'000'010s));
}

TEST(FifthApi, GetsItsRoutesKeysAndFallbacks) {
    const Upstream upstream = telephonia_upstream();
    const policy::Route* const route = policy::find_route(
        upstream.rules.routes, upstream.rules.dialect->base_path, "POST", "/rest/dial?x=1"
    );
    ASSERT_NE(route, nullptr);
    EXPECT_TRUE(route->keyed);
    EXPECT_EQ(route->natural_id, "/leg/id");
    EXPECT_EQ(route->scope, "dial");
    EXPECT_EQ(route->deadline, 8s);
    EXPECT_EQ(route->attempt, 3s);
    EXPECT_EQ(route->attempts, 2);
    policy::TemplateValues values;
    values.request_body = R"({"leg": {"id": "L1"}})";
    EXPECT_EQ(
        route->fallback_for(policy::Reason::circuit_open)->body.render(values),
        R"({"leg":"L1","state":"unknown"})"
    );
}

TEST(FifthApi, IsSpokenInErrorsOfOurOwn) {
    const policy::Substitute substitute{
        .reason = policy::Reason::circuit_open, .status = 503, .retry_after = 4s};
    const policy::LocalAnswer answer =
        policy::answer(telephonia_upstream().rules, substitute, {.now = {}, .id = "x"});
    EXPECT_EQ(answer.content_type, "application/vnd.telephonia+json");
    EXPECT_TRUE(answer.body.starts_with(R"({"fault":{"no":"9","text":"Telephonia keeps failing)"));
    bool backoff = false;
    for (const auto& [name, value] : answer.fields)
        backoff = backoff || (name == "Tel-Backoff" && value == "4000");
    EXPECT_TRUE(backoff);
}

}  // namespace
}  // namespace backstop::config
