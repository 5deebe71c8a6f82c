// Levrage as its guide describes it.

#include "tests/simulator/api_fixture.hpp"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class LevrageTest : public ApiTest {
protected:
    LevrageTest() : ApiTest("levrage", "lev_test_valid") {}

    Response place(const std::string& number = "+919876543210") {
        return send(
            "POST",
            "/v1/calls",
            R"({"agent_id": "agent_default", "phone_number": ")" + number + R"("})"
        );
    }
};

TEST_F(LevrageTest, CreatesWhatItIsAskedFor) {
    const Response agent = send("POST", "/v1/agents", R"({"name": "Ann"})");
    EXPECT_EQ(agent.status, 200) << "the guide's client takes nothing else for a success";
    EXPECT_EQ(at(agent, "/success"), "true");
    EXPECT_EQ(at(agent, "/timestamp"), "\"2026-02-08T12:00:18.000Z\"");
    EXPECT_EQ(effects(agent), "agents_created Ann");
    const std::string id = json(agent).at("data").at("id").as_string().c_str();
    EXPECT_EQ(at(send("GET", "/v1/agents/" + id), "/data/name"), "\"Ann\"");
    EXPECT_EQ(json(send("GET", "/v1/agents")).at("data").as_array().size(), 2U);

    EXPECT_EQ(effects(place()), "calls_placed +919876543210");
    const std::string campaign = R"({"name": "spring", "agent_id": ")" + id + R"("})";
    EXPECT_EQ(effects(send("POST", "/v1/campaigns", campaign)), "campaigns_created spring");
}

TEST_F(LevrageTest, RefusesInTheWordsOfItsGuide) {
    send("POST", "/v1/agents", R"({"name": "Ann"})");
    struct Row {
        std::string path;
        std::string body;
        int status;
        std::string code;
        std::string message;
    };
    const std::vector<Row> rows = {
        {"/v1/agents",
         R"({"name": "Ann"})",
         409,
         "validation_error",
         "Agent name is already in use"},
        {"/v1/calls",
         R"({"agent_id": "agent_default", "phone_number": "98765"})",
         422,
         "validation_error",
         "phone_number must be E.164 format"},
        {"/v1/calls",
         R"({"phone_number": "+919876543210"})",
         400,
         "validation_error",
         "agent_id is required"},
        {"/v1/calls", "{", 400, "validation_error", "Malformed JSON: incomplete JSON"},
        {"/v1/calls",
         R"({"agent_id": "agent_x", "phone_number": "+919876543210"})",
         404,
         "not_found",
         "Agent not found"},
        {"/v1/nothing", "{}", 404, "not_found", "Route not found: /v1/nothing"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.message);
        const Response response = send("POST", row.path, row.body);
        EXPECT_EQ(response.status, row.status);
        EXPECT_EQ(at(response, "/success"), "false");
        EXPECT_EQ(at(response, "/error/code"), "\"" + row.code + "\"");
        EXPECT_EQ(at(response, "/error/message"), "\"" + row.message + "\"");
        EXPECT_TRUE(at(response, "/request_id").starts_with("\"req_"));
        EXPECT_TRUE(response.effects.empty());
    }
}

TEST_F(LevrageTest, LooksAtTheKey) {
    key = "lev_test_revoked";
    EXPECT_EQ(at(place(), "/error/code"), "\"authentication_error\"");
    key = "lev_unknown";
    EXPECT_EQ(at(place(), "/error/message"), "\"Invalid or expired API key\"");
    key = "lev_test_restricted";
    EXPECT_EQ(place().status, 403);
    EXPECT_EQ(send("GET", "/v1/agents").status, 200) << "it may read";
    key.clear();
    EXPECT_EQ(place().status, 401);
    EXPECT_EQ(place().body, R"({"detail":"Not authenticated"})");
    EXPECT_EQ(send("GET", "/v1/health").status, 200) << "needs none";
}

TEST_F(LevrageTest, TellsItsLimitInEveryAnswer) {
    api->change({{"tier", "pro"}});
    const Response good = place();
    EXPECT_EQ(header(good, "X-RateLimit-Limit"), "300");
    EXPECT_EQ(header(good, "X-RateLimit-Remaining"), "299");
    EXPECT_EQ(header(good, "X-RateLimit-Reset"), "1770552078");
    for (const int status : {400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504}) {
        SCOPED_TRACE(status);
        const Response fault = api->error(status, Request(), clock.now());
        EXPECT_EQ(fault.status, status);
        EXPECT_EQ(header(fault, "X-RateLimit-Limit"), "300");
        EXPECT_EQ(at(fault, "/success"), "false");
    }
    EXPECT_EQ(at(api->error(502, Request(), clock.now()), "/error/code"), "\"provider_error\"");
}

TEST_F(LevrageTest, BlocksUntilTheReset) {
    for (int count = 0; count < 60; ++count)
        EXPECT_EQ(place().status, 200);
    clock.advance(20s);
    const Response refused = place();
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(header(refused, "X-RateLimit-Remaining"), "0");
    EXPECT_EQ(header(refused, "X-RateLimit-Reset"), "1770552078") << "60 s after the first";
    clock.advance(40s);
    EXPECT_EQ(place().status, 200);
    EXPECT_EQ(header(place(), "X-RateLimit-Remaining"), "58") << "all begin anew";
}

TEST_F(LevrageTest, ThrottlesAnAddressThatKeepsComing) {
    api->change({{"limit", 1}, {"throttle_after", 3}, {"throttle_ms", 90'000}});
    EXPECT_EQ(place().status, 200);
    for (int breach = 0; breach < 3; ++breach)
        EXPECT_EQ(place().note, "");
    clock.advance(60s);
    const Response throttled = place();
    EXPECT_EQ(throttled.status, 429);
    EXPECT_EQ(throttled.note, "throttled by address");
    EXPECT_EQ(header(throttled, "X-RateLimit-Reset"), "1770552108");
    EXPECT_EQ(send("GET", "/v1/health").status, 429) << "whatever it asks for";
    address = "10.0.0.2";
    EXPECT_EQ(place().status, 200) << "the same key from another address";
    address = "10.0.0.1";
    clock.advance(30s);
    EXPECT_EQ(send("GET", "/v1/health").status, 200);
}

TEST_F(LevrageTest, ChargesForCalls) {
    api->change({{"credits", 1}});
    EXPECT_EQ(place().status, 200);
    const Response refused = place();
    EXPECT_EQ(refused.status, 402);
    EXPECT_EQ(at(refused, "/error/code"), "\"quota_exceeded\"");
    EXPECT_EQ(at(refused, "/error/message"), "\"Insufficient credits\"");
}

TEST_F(LevrageTest, KnowsNoIdempotencyKeys) {
    const Fields keyed = {{"X-Idempotency-Key", "k"}, {"Idempotency-Key", "k"}};
    const std::string body = R"({"agent_id": "agent_default", "phone_number": "+15551234567"})";
    for (int time = 0; time < 2; ++time)
        EXPECT_EQ(send("POST", "/v1/calls", body, keyed).effects.size(), 1U);
}

}  // namespace
}  // namespace simulator
