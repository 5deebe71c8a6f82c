#pragma once

// An API and a client of it, without any network between them.

#include "tests/simulator/api.hpp"
#include "tests/simulator/fake_clock.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace simulator {

class ApiTest : public testing::Test {
protected:
    ApiTest(std::string_view name, std::string valid_key)
        : api(make_api(name, 1)), key(std::move(valid_key)) {}

    Response send(
        const std::string& method,
        const std::string& path,
        const std::string& body = {},
        Fields more = {}
    ) {
        Request request{
            .method = method,
            .target = path,
            .fields = std::move(more),
            .body = body,
            .address = address};
        if (!key.empty()) {
            request.fields.push_back(Field{.name = "Authorization", .value = "Bearer " + key});
        }
        return api->answer(request, clock.now());
    }

    static boost::json::value json(const Response& response) {
        return boost::json::parse(response.body);
    }

    // What stands there in the body, as JSON: at(response, "/error/code") == R"("not_found")".
    static std::string at(const Response& response, const std::string& pointer) {
        boost::system::error_code missing;
        const boost::json::value body = json(response);
        const boost::json::value* found = body.find_pointer(pointer, missing);
        return found ? boost::json::serialize(*found) : "(none)";
    }

    static std::string header(const Response& response, const char* name) {
        const std::string* value = find_field(response.fields, name);
        return value ? *value : "(none)";
    }

    static std::string effects(const Response& response) {
        std::string text;
        for (const Effect& effect : response.effects)
            text += (text.empty() ? "" : ", ") + effect.name + " " + effect.subject;
        return text;
    }

    FakeClock clock;
    std::unique_ptr<Api> api;
    std::string key;
    std::string address = "10.0.0.1";
};

}  // namespace simulator
