// The rolling minute, its grace and block; the monthly quota; the headers that tell of both.

#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/sticky_calls_fixture.hpp"

#include <vector>

namespace simulator {
namespace {

using StickyCallsLimits = StickyCallsTest;
using StickyCallsQuota = StickyCallsTest;
using StickyCallsSettings = StickyCallsTest;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(StickyCallsLimits, AreThoseOfTheTier) {
    struct Row {
        std::string tier;
        int limit;
        int let_in;
    };
    const std::vector<Row> rows = {
        {"free", 100, 110},
        {"starter", 600, 660},
        {"growth", 3'000, 3'300},
        {"scale", 10'000, 11'000},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.tier);
        api.forget();
        api.change({{"tier", row.tier}});
        for (int request = 1; request <= row.let_in; ++request) {
            const Response response = end("none");
            ASSERT_EQ(response.status, 400) << request;
            ASSERT_EQ(header(response, "X-RateLimit-Limit"), std::to_string(row.limit));
            ASSERT_EQ(
                header(response, "X-RateLimit-Remaining"),
                std::to_string(std::max(0, row.limit - request))
            );
        }
        const Response blocked = end("none");
        EXPECT_EQ(blocked.status, 429);
        EXPECT_EQ(json(blocked).at("currentUsage"), row.let_in + 1);
        EXPECT_EQ(json(blocked).at("limit"), row.limit);
        EXPECT_EQ(header(blocked, "X-RateLimit-Remaining"), "0");
    }
}

TEST_F(StickyCallsLimits, AreToldAsInTheGuide) {
    clock.advance(-seconds(18));
    for (int request = 0; request < 110; ++request)
        end("none");
    clock.advance(seconds(18));
    const Response blocked = end("none");
    EXPECT_EQ(
        blocked.body,
        R"({"error":"Too Many Requests",)"
        R"("message":"Rate limit exceeded for your tier. Limit: 100 requests/minute.",)"
        R"("retryAfter":42,"currentUsage":111,"limit":100,"resetAt":"2026-02-08T12:01:00.000Z"})"
    );
}

TEST_F(StickyCallsLimits, RollWithTheWindow) {
    for (int request = 0; request < 60; ++request)
        end("none");
    clock.advance(seconds(30));
    for (int request = 0; request < 50; ++request)
        end("none");
    EXPECT_EQ(json(end("none")).at("retryAfter"), 30);

    clock.advance(milliseconds(29'001));
    EXPECT_EQ(json(end("none")).at("retryAfter"), 1) << "999 ms, rounded up";
    clock.advance(milliseconds(998));
    EXPECT_EQ(end("none").status, 429);
    clock.advance(milliseconds(1));
    for (int request = 0; request < 60; ++request)
        ASSERT_EQ(end("none").status, 400) << request;
    EXPECT_EQ(json(end("none")).at("retryAfter"), 30) << "until the second lot leaves";
}

TEST_F(StickyCallsLimits, DoNotCountWhatTheyRefuse) {
    for (int request = 0; request < 110; ++request)
        end("none");
    clock.advance(seconds(59));
    for (int request = 0; request < 500; ++request)
        ASSERT_EQ(end("none").status, 429);
    clock.advance(seconds(1));
    EXPECT_EQ(end("none").status, 400);
}

TEST_F(StickyCallsLimits, AreTheOrganisations) {
    api.change({{"keys", {{"one", "a"}, {"two", "a"}, {"three", "b"}}}, {"limit", 10}});
    key = "one";
    for (int request = 0; request < 11; ++request)
        end("none");
    key = "two";
    EXPECT_EQ(end("none").status, 429) << "another key of the same organisation";
    key = "three";
    EXPECT_EQ(end("none").status, 400);
    key = "unknown";
    EXPECT_EQ(end("none").status, 401);
}

TEST_F(StickyCallsLimits, CanBeTurnedOff) {
    api.change({{"limits", false}, {"quota", 0}});
    for (int request = 0; request < 500; ++request) {
        ASSERT_EQ(start("call_" + std::to_string(request)).status, 200);
    }
}

TEST_F(StickyCallsLimits, AreToldByAFaultInTheSameWords) {
    const Response response = api.rate_limited(seconds(42), Request(), clock.now());
    EXPECT_EQ(
        response.body,
        R"({"error":"Too Many Requests",)"
        R"("message":"Rate limit exceeded for your tier. Limit: 100 requests/minute.",)"
        R"("retryAfter":42,"currentUsage":111,"limit":100,"resetAt":"2026-02-08T12:01:00.000Z"})"
    );
}

TEST_F(StickyCallsQuota, IsUsedBySuccessOnly) {
    EXPECT_EQ(header(start("call_1"), "X-Quota-Remaining"), "9999");
    EXPECT_EQ(header(end("call_1"), "X-Quota-Remaining"), "9998");
    EXPECT_EQ(header(end("call_1"), "X-Quota-Remaining"), "9998") << "409";
    EXPECT_EQ(header(end("none"), "X-Quota-Remaining"), "9998") << "400";
    key = "unknown";
    start("call_2");
    key = "sk_test_valid";
    EXPECT_EQ(header(end("none"), "X-Quota-Remaining"), "9998") << "401";
}

TEST_F(StickyCallsQuota, EndsIn402) {
    api.change({{"quota", 1}});
    EXPECT_EQ(start("call_1").status, 200);
    const Response refused = start("call_2");
    EXPECT_EQ(refused.status, 402);
    EXPECT_EQ(
        refused.body,
        R"({"error":"Payment Required",)"
        R"("message":"Monthly quota exhausted. Your account has 0 API calls remaining.",)"
        R"("quota_remaining":0,"billing_account_id":"ba_1a2b3c4d5e6f"})"
    );
    EXPECT_EQ(header(refused, "X-Quota-Remaining"), "0");
    EXPECT_TRUE(refused.effects.empty());

    api.change({{"quota", 1}});
    EXPECT_EQ(start("call_2").status, 200) << "a new month";
}

TEST_F(StickyCallsSettings, AreShownAsTheyAreGiven) {
    const auto expected = boost::json::parse(
        R"({"tier":"growth","limit":7,"window_ms":2000,"quota":5,"limits":true,"conflicts":false,
            "honour_keys":false,"keys":{"k":"o"},"revoked":["r"]})"
    );
    api.change(expected.as_object());
    EXPECT_EQ(api.settings(), expected);
    api.change({{"tier", "starter"}});
    EXPECT_EQ(api.settings().at("limit"), 600) << "a tier has its own limit";
    api.change({{"keys", {"x", "y"}}});
    EXPECT_EQ(
        api.settings().at("keys"), boost::json::parse(R"({"x":"org_default","y":"org_default"})")
    );
}

TEST_F(StickyCallsSettings, AreChangedAllOrNotAtAll) {
    struct Row {
        std::string settings;
        std::string message;
    };
    const std::vector<Row> rows = {
        {R"({"quota":1,"tier":"gold"})",
         "tier: expected one of free, starter, growth, scale; got 'gold'"},
        {R"({"quota":-1})", "quota: expected a whole number from 0 to 1000000000, got -1"},
        {R"({"quota":1,"limits":"off"})", R"(limits: expected true or false, got "off")"},
        {R"({"quota":1,"keys":7})",
         "keys: expected a list of keys, or an object from key to organisation"},
        {R"({"quota":1,"revoked":{}})", "revoked: expected a list of keys"},
        {R"({"quota":1,"teir":"free"})",
         "teir: unknown; there is: conflicts, honour_keys, keys, limit, limits, quota, revoked, "
         "tier, window_ms"},
    };
    const boost::json::object before = api.settings();
    for (const Row& row : rows) {
        SCOPED_TRACE(row.settings);
        try {
            api.change(boost::json::parse(row.settings).as_object());
            ADD_FAILURE() << "accepted";
        } catch (const BadInput& wrong) {
            EXPECT_EQ(wrong.what(), row.message);
        }
        EXPECT_EQ(api.settings(), before);
    }
}

}  // namespace
}  // namespace simulator
