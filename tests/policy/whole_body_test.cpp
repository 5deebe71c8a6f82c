#include "policy/whole_body.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace backstop::policy {
namespace {

Rules rules() {
    Dialect dialect;
    dialect.key_header = "Idempotency-Key";
    Rules out;
    out.dialect = std::make_shared<const Dialect>(dialect);
    return out;
}

Route route_with(const std::string& body) {
    Route out;
    out.fallbacks.push_back({.on = {Reason::timeout}, .body = JsonTemplate::parse(body)});
    return out;
}

TEST(WantsWholeBody, WhereAFallbackHasValuesOfIt) {
    EXPECT_FALSE(wants_whole_body(rules(), Route{}, false));
    EXPECT_FALSE(wants_whole_body(rules(), route_with(R"({"at": "{{now}}"})"), false));
    for (const char* body :
         {R"({"id": "{{request.body./id}}"})",
          R"({"id": "{{ request.body./id? }}"})",
          R"(["call {{request.body./id}}"])"})
        EXPECT_TRUE(wants_whole_body(rules(), route_with(body), true)) << body;
}

TEST(WantsWholeBody, OfAnyFallback) {
    Route route = route_with("{}");
    route.fallbacks.push_back(route_with(R"("{{request.body./id}}")").fallbacks.front());
    EXPECT_TRUE(wants_whole_body(rules(), route, false));
}

TEST(WantsWholeBody, OnlyWhereFallbacksAreServed) {
    const Route route = route_with(R"("{{request.body./id}}")");
    Rules off = rules();
    off.fallbacks = false;
    EXPECT_FALSE(wants_whole_body(off, route, false));
    Rules observing = rules();
    observing.mode = Mode::observe;
    EXPECT_FALSE(wants_whole_body(observing, route, false));
}

TEST(WantsWholeBody, WhereAKeyWouldBeDerived) {
    Route route;
    route.keyed = true;
    route.natural_id = "/id";
    Rules derive = rules();
    EXPECT_FALSE(wants_whole_body(derive, route, false));
    derive.derive_keys = true;
    EXPECT_TRUE(wants_whole_body(derive, route, false));
    EXPECT_FALSE(wants_whole_body(derive, route, true));
}

}  // namespace
}  // namespace backstop::policy
