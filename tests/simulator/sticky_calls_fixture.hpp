#pragma once

// Sticky Calls and a client of it, without any network between them.

#include "tests/simulator/fake_clock.hpp"
#include "tests/simulator/sticky_calls.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>

namespace simulator {

class StickyCallsTest : public testing::Test {
protected:
    Response post(const std::string& path, const std::string& body, const Fields& more = {}) {
        Request request{.method = "POST", .target = path, .fields = std::move(more), .body = body};
        if (!key.empty()) {
            request.fields.push_back(Field{.name = "Authorization", .value = "Bearer " + key});
        }
        return api.answer(request, clock.now());
    }

    Response start(const std::string& call_id, const Fields& more = {}) {
        const std::string hints = R"("identity_hints":{"ani":"+14155551234"})";
        return post("/v1/calls/start", R"({"call_id":")" + call_id + "\"," + hints + "}", more);
    }

    Response end(const std::string& call_id, const Fields& more = {}) {
        return post("/v1/calls/end", R"({"call_id":")" + call_id + R"("})", more);
    }

    static boost::json::object json(const Response& response) {
        return boost::json::parse(response.body).as_object();
    }

    static std::string header(const Response& response, const char* name) {
        const std::string* value = find_field(response.fields, name);
        return value ? *value : "(none)";
    }

    static Fields keyed(const std::string& value) {
        return {Field{.name = "x-idempotency-key", .value = value}};
    }

    FakeClock clock;
    StickyCalls api{1};
    std::string key = "sk_test_valid";
};

}  // namespace simulator
