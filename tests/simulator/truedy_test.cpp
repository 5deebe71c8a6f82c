// Truedy as its guide describes it.

#include "tests/simulator/api_fixture.hpp"

namespace simulator {
namespace {

using namespace std::chrono_literals;

const std::string root = "/api/public/v1";

class TruedyTest : public ApiTest {
protected:
    TruedyTest() : ApiTest("truedy", "truedy_test_valid") {}

    Response place(const std::string& number = "+15551234567", const std::string& with_key = {}) {
        Fields more;
        if (!with_key.empty()) more = {{"x-idempotency-key", with_key}};
        const std::string body =
            R"({"agent_id": "agent_default", "to_number": ")" + number + R"("})";
        return send("POST", root + "/calls", body, more);
    }

    Response contact(const Fields& more = {}) {
        return send(
            "POST", root + "/contacts", R"({"name": "Ann", "phone_number": "+15551234567"})", more
        );
    }
};

TEST_F(TruedyTest, AnswersInItsEnvelope) {
    const Response placed = place();
    EXPECT_EQ(placed.status, 201);
    EXPECT_EQ(effects(placed), "calls_placed +15551234567");
    EXPECT_TRUE(at(placed, "/meta/request_id").starts_with("\"req_"));
    EXPECT_EQ(at(placed, "/meta/ts"), "\"2026-02-08T12:00:18.000Z\"");
    EXPECT_EQ(header(placed, "X-RateLimit-Limit"), "(none)") << "a 429 tells of it";
    const std::string id(json(placed).at("data").at("id").as_string());
    EXPECT_EQ(at(send("GET", root + "/calls/" + id), "/data/status"), "\"queued\"");
}

TEST_F(TruedyTest, RefusesInTheWordsOfItsGuide) {
    const auto code = [](const Response& response) {
        return std::to_string(response.status) + " " + at(response, "/error/code");
    };
    EXPECT_EQ(code(place("555")), "422 \"validation_error\"");
    EXPECT_EQ(
        at(place("555"), "/error/details/fields"),
        R"([{"field":"to_number","message":"to_number must be E.164 format"}])"
    );
    EXPECT_EQ(
        json(send("POST", root + "/calls", "{}"))
            .at("error")
            .at("details")
            .at("fields")
            .as_array()
            .size(),
        2U
    ) << "all that is wrong at once";
    EXPECT_EQ(code(send("POST", root + "/calls", "{")), "400 \"bad_request\"");
    EXPECT_EQ(code(send("GET", root + "/calls/call_x")), "404 \"not_found\"");
    EXPECT_EQ(code(send("GET", "/calls")), "404 \"not_found\"");
    api->change({{"outbound_number", false}});
    EXPECT_EQ(code(place()), "422 \"validation_error\"") << "a business rule";
    for (const char* bad : {"", "truedy_test_revoked", "truedy_x"}) {
        key = bad;
        EXPECT_EQ(code(place()), "401 \"unauthorized\"");
    }
    key = "truedy_test_restricted";
    EXPECT_EQ(code(place()), "403 \"forbidden\"");
}

TEST_F(TruedyTest, BringsBackTheOriginalResponseUnderItsKey) {
    const Response first = place("+15551234567", "k-1");
    const Response again = place("+15551234567", "k-1");
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.note, "replayed");
    EXPECT_TRUE(again.effects.empty());
    EXPECT_EQ(place("+15550000001", "k-1").body, first.body) << "whatever the body is";
    EXPECT_EQ(place("+15551234567", "k-2").effects.size(), 1U);
    EXPECT_EQ(place("+15551234567").effects.size(), 1U);
    EXPECT_EQ(
        send(
            "POST", root + "/agents", R"({"name": "n"})", {{"X-Idempotency-Key", "k-1"}}
        ).effects.size(),
        1U
    ) << "another route";
    clock.advance(24h);
    EXPECT_EQ(place("+15551234567", "k-1").effects.size(), 1U);
}

TEST_F(TruedyTest, HasNoKeysForContacts) {
    for (int time = 0; time < 2; ++time) {
        const Response created = contact({{"X-Idempotency-Key", "k-1"}});
        EXPECT_EQ(effects(created), "contacts_created +15551234567");
    }
}

TEST_F(TruedyTest, WantsAPlanThatIsActive) {
    struct Row {
        std::string reason;
        std::string redirect_url;
    };
    const std::vector<Row> rows = {
        {"trial_not_started", "/onboarding/trial"},
        {"trial_expired", "/settings/billing"},
        {"subscription_inactive", "/settings/billing"},
    };
    for (const Row& row : rows) {
        api->change({{"billing", row.reason}});
        for (const Response& refused : {place(), contact()}) {
            EXPECT_EQ(refused.status, 402);
            EXPECT_EQ(at(refused, "/error/code"), "\"payment_required\"");
            EXPECT_EQ(at(refused, "/error/details/reason"), "\"" + row.reason + "\"");
            EXPECT_EQ(at(refused, "/error/details/redirect_url"), "\"" + row.redirect_url + "\"");
        }
        EXPECT_EQ(send("GET", root + "/contacts").status, 200);
    }
}

TEST_F(TruedyTest, ChargesForEachNumber) {
    api->change({{"credits", 2}});
    const std::string batch =
        R"({"name":"b","agent_id":"agent_default","to_numbers":["+15550000001","+15550000002"]})";
    EXPECT_EQ(place("+15551234567", "k").status, 201);
    const Response refused = send("POST", root + "/batch-calls", batch);
    EXPECT_EQ(refused.status, 402);
    EXPECT_EQ(
        at(refused, "/error/details"),
        R"({"reason":"insufficient_credits","redirect_url":"/settings/billing","balance":1,"required":2})"
    );
    EXPECT_EQ(place("+15551234567", "k").status, 201) << "brought back, and free";
    api->change({{"credits", 2}});
    EXPECT_EQ(
        effects(send("POST", root + "/batch-calls", batch)),
        "batches_created b, calls_placed +15550000001, calls_placed +15550000002"
    );
}

TEST_F(TruedyTest, TellsWhenItsProviderFails) {
    api->change({{"provider", "down"}});
    const Response failed = place("+15551234567", "k");
    EXPECT_EQ(failed.status, 502);
    EXPECT_EQ(at(failed, "/error/code"), "\"provider_error\"");
    EXPECT_TRUE(failed.effects.empty());
    EXPECT_EQ(contact().status, 201);
    api->change({{"provider", "up"}});
    EXPECT_EQ(place("+15551234567", "k").status, 201) << "a failure is not kept under the key";
}

TEST_F(TruedyTest, TellsOfItsLimitBothWays) {
    api->change({{"limit", 1}});
    EXPECT_EQ(place().status, 201);
    clock.advance(18s);
    const Response in_headers = place();
    EXPECT_EQ(in_headers.status, 429);
    EXPECT_EQ(at(in_headers, "/error/code"), "\"rate_limit_exceeded\"");
    EXPECT_EQ(at(in_headers, "/error/details"), "(none)");
    EXPECT_EQ(header(in_headers, "Retry-After"), "42");
    EXPECT_EQ(header(in_headers, "X-RateLimit-Limit"), "1");
    EXPECT_EQ(header(in_headers, "X-RateLimit-Remaining"), "0");
    EXPECT_EQ(header(in_headers, "X-RateLimit-Reset"), "1770552078");
    api->change({{"rate_limit_form", "body"}});
    const Response in_body = place();
    EXPECT_EQ(
        at(in_body, "/error/details"), R"({"limit":1,"reset_at":"2026-02-08T12:01:18.000Z"})"
    );
    EXPECT_EQ(header(in_body, "Retry-After"), "(none)");
    clock.advance(42s);
    EXPECT_EQ(place().status, 201);
}

TEST_F(TruedyTest, HasNoSettingsOfWhatItHasNot) {
    for (const char* name : {"conflicts", "quota", "heartbeat_ms"}) {
        EXPECT_THROW(api->change({{name, 1}}), std::exception) << name;
        EXPECT_FALSE(api->settings().contains(name));
    }
}

}  // namespace
}  // namespace simulator
