// Idempotency keys: one effect, and the same answer again.

#include "tests/simulator/sticky_calls_fixture.hpp"

namespace simulator {
namespace {

using StickyCallsKeys = StickyCallsTest;

TEST_F(StickyCallsKeys, BringBackTheFirstAnswer) {
    const Response first = start("call_1", keyed("k"));
    clock.advance(std::chrono::seconds(10));
    const Response again = start("call_1", keyed("k"));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.note, "replayed");
    EXPECT_EQ(first.effects.size(), 1U);
    EXPECT_TRUE(again.effects.empty());
    EXPECT_EQ(header(again, "X-Quota-Remaining"), "9999") << "used once";
    EXPECT_EQ(header(again, "X-RateLimit-Remaining"), "98") << "a request all the same";
}

TEST_F(StickyCallsKeys, WorkForEndsToo) {
    start("call_1", keyed("k"));
    const Response first = end("call_1", keyed("k"));
    EXPECT_EQ(first.effects.size(), 1U) << "the same key on another route is another key";
    const Response again = end("call_1", keyed("k"));
    EXPECT_EQ(again.body, first.body);
    EXPECT_TRUE(again.effects.empty());
}

TEST_F(StickyCallsKeys, AreRefusedForAnotherBody) {
    start("call_1", keyed("k"));
    const Response response = start("call_2", keyed("k"));
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(
        response.body,
        R"({"error":"Unprocessable Entity","message":)"
        R"("X-Idempotency-Key 'k' was already used with a different request body"})"
    );
    EXPECT_TRUE(response.effects.empty());
    EXPECT_EQ(start("call_2", keyed("other")).status, 200);
}

TEST_F(StickyCallsKeys, DoNotKeepAFailure) {
    EXPECT_EQ(end("call_1", keyed("k")).status, 400);
    start("call_1");
    EXPECT_EQ(end("call_1", keyed("k")).status, 200);
}

TEST_F(StickyCallsKeys, OutliveTheQuota) {
    api.change({{"quota", 1}});
    start("call_1", keyed("k"));
    EXPECT_EQ(start("call_1", keyed("k")).status, 200);
    EXPECT_EQ(start("call_2", keyed("other")).status, 402);
}

TEST_F(StickyCallsKeys, LastForADay) {
    start("call_1", keyed("k"));
    clock.advance(std::chrono::hours(24) - std::chrono::milliseconds(1));
    EXPECT_EQ(start("call_1", keyed("k")).status, 200);
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(start("call_1", keyed("k")).status, 409);
}

TEST_F(StickyCallsKeys, DoNotHideAConflictOfAnotherKey) {
    start("call_1", keyed("k"));
    EXPECT_EQ(start("call_1", keyed("other")).status, 409);
    EXPECT_EQ(start("call_1").status, 409);
    EXPECT_EQ(start("call_1", keyed("")).status, 409) << "an empty key is none";
}

TEST_F(StickyCallsKeys, AreTheOrganisations) {
    api.change({{"keys", {{"one", "a"}, {"two", "b"}}}});
    key = "one";
    start("call_1", keyed("k"));
    key = "two";
    EXPECT_EQ(start("call_1", keyed("k")).effects.size(), 1U);
}

TEST_F(StickyCallsKeys, CanBeIgnored) {
    api.change({{"honour_keys", false}});
    start("call_1", keyed("k"));
    EXPECT_EQ(start("call_1", keyed("k")).status, 409);
}

}  // namespace
}  // namespace simulator
