// Each answer of the guide, in its own words, and what a caller's memory holds.

#include "tests/simulator/sticky_calls_fixture.hpp"

#include <vector>

namespace simulator {
namespace {

namespace json = boost::json;
using StickyCallsAnswers = StickyCallsTest;
using StickyCallsMemory = StickyCallsTest;

constexpr const char* start_path = "/v1/calls/start";
constexpr const char* end_path = "/v1/calls/end";

struct Example {
    std::string name;
    std::string method;
    std::string target;
    std::string authorization;
    std::string body;
    int status;
    std::string answer;  // as JSON
};

std::string invalid(const std::string& issues) {
    return R"({"error":"Bad Request","message":"Validation failed","details":{"issues":[)" +
           issues + "]}}";
}

// clang-format off
const std::vector<Example> examples = {
    {"empty identity_hints", "POST", start_path, "Bearer sk_test_valid",
     R"({"call_id":"c","identity_hints":{}})", 400,
     invalid(R"({"path":["identity_hints"],"message":"identity_hints must include ani, external_ids, or customer_ref"})")},
    {"missing call_id", "POST", start_path, "Bearer sk_test_valid",
     R"({"identity_hints":{"ani":"+14155551234"}})", 400,
     invalid(R"({"path":["call_id"],"message":"Required field 'call_id' is missing"})")},
    {"the guide's own test of a 400", "POST", start_path, "Bearer sk_test_valid",
     R"({"call_id": "test_123"})", 400,
     invalid(R"({"path":["identity_hints"],"message":"Required field 'identity_hints' is missing"})")},
    {"everything wrong at once", "POST", start_path, "Bearer sk_test_valid",
     R"({"identity_hints":{"ani":7},"telco":{"line_type":"fax"}})", 400,
     invalid(R"({"path":["call_id"],"message":"Required field 'call_id' is missing"},)"
             R"({"path":["identity_hints","ani"],"message":"Expected string, received number"},)"
             R"({"path":["telco","line_type"],"message":"Invalid enum value. Expected 'mobile' | 'landline' | 'voip' | 'unknown', received 'fax'"})")},
    {"call_id of the wrong type", "POST", start_path, "Bearer sk_test_valid",
     R"({"call_id":["c"],"identity_hints":{"ani":"+1"}})", 400,
     invalid(R"({"path":["call_id"],"message":"Expected string, received array"})")},
    {"empty call_id", "POST", start_path, "Bearer sk_test_valid",
     R"({"call_id":"","identity_hints":{"ani":"+1"}})", 400,
     invalid(R"({"path":["call_id"],"message":"call_id must not be empty"})")},
    {"null is missing", "POST", start_path, "Bearer sk_test_valid",
     R"({"call_id":null,"identity_hints":null})", 400,
     invalid(R"({"path":["call_id"],"message":"Required field 'call_id' is missing"},)"
             R"({"path":["identity_hints"],"message":"Required field 'identity_hints' is missing"})")},
    {"malformed JSON", "POST", start_path, "Bearer sk_test_valid", R"({"call_id": )", 400,
     invalid(R"({"path":[],"message":"Malformed JSON body: incomplete JSON"})")},
    {"no body", "POST", start_path, "Bearer sk_test_valid", "", 400,
     invalid(R"({"path":[],"message":"Malformed JSON body: incomplete JSON"})")},
    {"not an object", "POST", start_path, "Bearer sk_test_valid", "[1]", 400,
     invalid(R"({"path":[],"message":"Expected object, received array"})")},
    {"end: missing call_id", "POST", end_path, "Bearer sk_test_valid", R"({"customer_ref":"r"})", 400,
     invalid(R"({"path":["call_id"],"message":"Required field 'call_id' is missing"})")},
    {"end: nobody named", "POST", end_path, "Bearer sk_test_valid", R"({"call_id":"c","customer_ref":null})", 400,
     invalid(R"({"path":["customer_ref"],"message":"customer_ref or identity_hints is required to end a call that was not started"})")},
    {"end: wrong types", "POST", end_path, "Bearer sk_test_valid",
     R"({"call_id":"c","customer_ref":"r","intent":1,"intent_status":"later","variables":[]})", 400,
     invalid(R"({"path":["intent"],"message":"Expected string, received number"},)"
             R"({"path":["intent_status"],"message":"Invalid enum value. Expected 'open' | 'pending' | 'escalated' | 'resolved' | 'abandoned', received 'later'"},)"
             R"({"path":["variables"],"message":"Expected object, received array"})")},
    {"no key", "POST", start_path, "", "{}", 401,
     R"({"error":"Unauthorized","message":"Invalid or missing API key"})"},
    {"the guide's own test of a 401", "POST", start_path, "Bearer invalid_key", "{}", 401,
     R"({"error":"Unauthorized","message":"Invalid or missing API key"})"},
    {"not a bearer", "POST", start_path, "Basic sk_test_valid", "{}", 401,
     R"({"error":"Unauthorized","message":"Invalid or missing API key"})"},
    {"no scheme", "POST", end_path, "sk_test_valid", "{}", 401,
     R"({"error":"Unauthorized","message":"Invalid or missing API key"})"},
    {"revoked key", "POST", start_path, "Bearer sk_test_revoked", "{}", 401,
     R"({"error":"Unauthorized","message":"API key has been revoked"})"},
    {"unknown path", "POST", "/v1/calls/stop?now=1", "", "{}", 404,
     R"({"error":"Not Found","message":"Route POST /v1/calls/stop?now=1 not found"})"},
    {"wrong method", "GET", start_path, "", "", 405,
     R"({"error":"Method Not Allowed","message":"Method GET is not allowed; use POST"})"},
};
// clang-format on

TEST_F(StickyCallsAnswers, AreTheGuides) {
    for (const Example& example : examples) {
        SCOPED_TRACE(example.name);
        Request request{
            .method = example.method, .target = example.target, .fields = {}, .body = example.body};
        if (!example.authorization.empty()) {
            request.fields = {Field{.name = "Authorization", .value = example.authorization}};
        }
        const Response response = api.answer(request, clock.now());
        EXPECT_EQ(response.status, example.status);
        EXPECT_EQ(response.body, example.answer);
        EXPECT_TRUE(response.effects.empty());
        EXPECT_EQ(header(response, "Content-Type"), "application/json; charset=utf-8");
        EXPECT_NE(header(response, "X-RateLimit-Limit"), "(none)");
        EXPECT_NE(header(response, "X-RateLimit-Remaining"), "(none)");
        EXPECT_NE(header(response, "X-Quota-Remaining"), "(none)");
    }
}

TEST_F(StickyCallsAnswers, NameTheMethodThatIsAllowed) {
    const Response response =
        api.answer(Request{.method = "GET", .target = start_path}, clock.now());
    EXPECT_EQ(header(response, "Allow"), "POST");
}

TEST_F(StickyCallsAnswers, CountACallIdsCharacters) {
    EXPECT_EQ(start(std::string(128, 'c')).status, 200);
    EXPECT_EQ(start(std::string(129, 'c')).status, 400);
}

TEST_F(StickyCallsAnswers, RefuseASecondStart) {
    start("call_12345");
    const Response response = start("call_12345");
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(
        response.body,
        R"({"error":"Conflict","message":"Call with call_id 'call_12345' already exists"})"
    );
    EXPECT_TRUE(response.effects.empty());
}

TEST_F(StickyCallsAnswers, RefuseASecondEnd) {
    start("call_12345");
    EXPECT_EQ(end("call_12345").status, 200);
    const Response response = end("call_12345");
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(
        response.body,
        R"({"error":"Conflict","message":"Call 'call_12345' has already been ended"})"
    );
    EXPECT_TRUE(response.effects.empty());
}

TEST_F(StickyCallsAnswers, ActTwiceOnlyWhereToldTo) {
    api.change({{"conflicts", false}});
    for (int time = 0; time < 2; ++time) {
        EXPECT_EQ(start("c").effects.size(), 1U);
        EXPECT_EQ(end("c").effects.size(), 1U);
    }
}

TEST_F(StickyCallsAnswers, ServeFaultsInTheSameEnvelope) {
    const Response response = api.error(500, Request(), clock.now());
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(
        response.body,
        R"({"error":"Internal Server Error","message":"An unexpected error occurred. Please try again."})"
    );
    EXPECT_EQ(header(response, "X-RateLimit-Limit"), "100");
    for (const int status : {400, 401, 402, 403, 404, 409, 429, 502, 503, 504}) {
        EXPECT_EQ(api.error(status, Request(), clock.now()).status, status);
    }
}

TEST_F(StickyCallsMemory, GreetsANewCaller) {
    const Response response = start("call_1");
    EXPECT_EQ(response.status, 200);
    const json::object body = json(response);
    EXPECT_EQ(body.at("call_id"), "call_1");
    EXPECT_EQ(body.at("customer_ref").as_string().size(), 36U);
    EXPECT_EQ(body.at("call_start"), "2026-02-08T12:00:18.000Z");
    EXPECT_EQ(
        body.at("identity"),
        json::parse(R"({"confidence":0,"level":"low","sources":[],"recommendation":"ignore"})")
    );
    EXPECT_EQ(body.at("open_intents"), json::array());
    EXPECT_EQ(body.at("variables"), json::object());
    ASSERT_EQ(response.effects.size(), 1U);
    EXPECT_EQ(response.effects[0].name, "calls_started");
    EXPECT_EQ(response.effects[0].subject, "call_1");
}

TEST_F(StickyCallsMemory, BringsBackWhatAnEndSaved) {
    const json::object first = json(start("call_1"));
    clock.advance(std::chrono::seconds(15));
    const Response ended = post(
        end_path,
        R"({"call_id":"call_1","intent":"refund_request","intent_status":"open","variables":
            {"name":"John Doe","plan":{"value":"gold","source":"crm","ttl_seconds":60}}})"
    );
    EXPECT_EQ(ended.status, 200);
    json::object summary = json(ended);
    EXPECT_EQ(summary.at("customer_ref"), first.at("customer_ref"));
    summary.erase("customer_ref");
    EXPECT_EQ(
        summary,
        json::parse(
            R"({"call_id":"call_1","call_start":"2026-02-08T12:00:18.000Z",
                "call_end":"2026-02-08T12:00:33.000Z","duration_seconds":15,
                "intents_updated":1,"variables_updated":2})"
        )
    );
    ASSERT_EQ(ended.effects.size(), 1U);
    EXPECT_EQ(ended.effects[0].name, "calls_ended");

    const json::object second = json(start("call_2"));
    EXPECT_EQ(second.at("customer_ref"), first.at("customer_ref"));
    EXPECT_EQ(
        second.at("variables"),
        json::parse(
            R"({"name":{"value":"John Doe","source":null,"ttl_seconds":2592000},
                "plan":{"value":"gold","source":"crm","ttl_seconds":60}})"
        )
    );
    EXPECT_EQ(
        second.at("open_intents"),
        json::parse(R"([{"intent":"refund_request","status":"open","attempt_count":1}])")
    );

    clock.advance(std::chrono::seconds(60));
    const json::object third = json(start("call_3"));
    EXPECT_TRUE(third.at("variables").as_object().contains("name"));
    EXPECT_FALSE(third.at("variables").as_object().contains("plan"));
}

TEST_F(StickyCallsMemory, ClosesAnIntentThatWasResolved) {
    const auto save = [this](const std::string& call, const std::string& status) {
        start(call);
        post(
            end_path,
            R"({"call_id":")" + call + R"(","intent":"refund","intent_status":")" + status + "\"}"
        );
    };
    save("call_1", "open");
    save("call_2", "pending");
    EXPECT_EQ(
        json(start("call_3")).at("open_intents"),
        json::parse(R"([{"intent":"refund","status":"pending","attempt_count":2}])")
    );
    save("call_4", "resolved");
    EXPECT_EQ(json(start("call_5")).at("open_intents"), json::array());
}

TEST_F(StickyCallsMemory, TakesAnEndWithoutAStart) {
    const Response ended = post(
        end_path,
        R"({"call_id":"call_1","identity_hints":{"external_ids":{"crm_id":7}},"variables":{"a":1}})"
    );
    EXPECT_EQ(ended.status, 200);
    EXPECT_EQ(json(ended).at("duration_seconds"), 0);
    const json::object next = json(
        post(start_path, R"({"call_id":"call_2","identity_hints":{"external_ids":{"crm_id":"7"}}})")
    );
    EXPECT_EQ(next.at("customer_ref"), json(ended).at("customer_ref"));
    EXPECT_EQ(next.at("variables").at("a").at("value"), 1);
}

TEST_F(StickyCallsMemory, IsSurerTheMoreHintsAgree) {
    struct Row {
        std::string name;
        std::string hints;
        std::string identity;
    };
    const std::vector<Row> rows = {
        {"number only",
         R"("identity_hints":{"ani":"+1"})",
         R"({"confidence":0.4,"level":"low","sources":["ani:unknown","recency:1day"],"recommendation":"confirm"})"},
        {"a mobile",
         R"("identity_hints":{"ani":"+1"},"telco":{"line_type":"mobile"})",
         R"({"confidence":0.5,"level":"medium","sources":["ani:mobile","recency:1day"],"recommendation":"reuse"})"},
        {"a mobile and an id",
         R"("identity_hints":{"ani":"+1","external_ids":{"a":"1","b":"2"}},"telco":{"line_type":"mobile"})",
         R"({"confidence":0.9,"level":"very_high","sources":["ani:mobile","external_id","recency:1day"],"recommendation":"reuse"})"},
        {"somebody else",
         R"("identity_hints":{"ani":"+2"})",
         R"({"confidence":0,"level":"low","sources":[],"recommendation":"ignore"})"},
    };
    post(
        start_path,
        R"({"call_id":"first","identity_hints":{"ani":"+1","external_ids":{"a":"1","b":"2"}}})"
    );
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Response response =
            post(start_path, R"({"call_id":")" + row.name + "\"," + row.hints + "}");
        EXPECT_NE(response.body.find(R"("identity":)" + row.identity), std::string::npos)
            << response.body;
    }
}

TEST_F(StickyCallsMemory, KeepsOrganisationsApart) {
    api.change({{"keys", {{"sk_a", "a"}, {"sk_b", "b"}}}});
    key = "sk_a";
    const json::object ours = json(start("call_1"));
    key = "sk_b";
    const Response theirs = start("call_1");
    EXPECT_EQ(theirs.status, 200);
    EXPECT_NE(json(theirs).at("customer_ref"), ours.at("customer_ref"));
}

TEST_F(StickyCallsMemory, IsForgottenOnDemand) {
    start("call_1");
    api.forget();
    const Response response = start("call_1");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(json(response).at("identity").at("confidence"), 0);
    EXPECT_EQ(header(response, "X-Quota-Remaining"), "9999");
}

TEST_F(StickyCallsMemory, RepeatsItselfWithTheSameSeed) {
    StickyCalls same(1);
    StickyCalls other(2);
    const Request request{
        .method = "POST",
        .target = start_path,
        .fields = {Field{.name = "Authorization", .value = "Bearer sk_test_valid"}},
        .body = R"({"call_id":"c","identity_hints":{"ani":"+1"}})"};
    const std::string body = api.answer(request, clock.now()).body;
    EXPECT_EQ(same.answer(request, clock.now()).body, body);
    EXPECT_NE(other.answer(request, clock.now()).body, body);
}

}  // namespace
}  // namespace simulator
