#include "proxy/metric_labels.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace backstop::proxy {
namespace {

TEST(MetricLabels, HaveAWordOfItsOwnForEachValue) {
    const auto check = [](const auto& values, const char* what) {
        std::set<std::string_view> words;
        for (const auto value : values) {
            EXPECT_FALSE(word(value).empty()) << what << " " << place(value);
            EXPECT_TRUE(words.insert(word(value)).second) << what << " " << word(value);
        }
    };
    check(all_denied, "Denied");
    check(all_failures, "FailureKind");
    check(all_stages, "Stage");
    check(all_ambiguous, "Ambiguous");
    check(all_events, "IdempotencyEvent");
    check(values_to<MethodLabel, MethodLabel::other>(), "MethodLabel");
    check(values_to<policy::Gate::Kind, policy::Gate::Kind::concurrency>(), "Gate::Kind");
    check(
        values_to<policy::CircuitBreaker::State, policy::CircuitBreaker::State::half_open>(),
        "CircuitBreaker::State"
    );
}

TEST(MetricLabels, KnowTheMethodsOfHttpAndNoOther) {
    EXPECT_EQ(method_label("GET"), MethodLabel::get);
    EXPECT_EQ(method_label("PATCH"), MethodLabel::patch);
    // Methods are case-sensitive (RFC 9110 9.1).
    for (const char* other : {"get", "", "other", "PROPFIND", "GET "})
        EXPECT_EQ(method_label(other), MethodLabel::other) << other;
}

TEST(MetricLabels, KnowTheCodesThatAreInUse) {
    std::array<char, 4> room{};
    const auto text = [&](int status) {
        return std::string(word_of_code(code_label(status), room));
    };
    EXPECT_EQ(text(0), "none");
    for (const int status : {100, 200, 204, 308, 402, 409, 421, 422, 429, 451, 499, 500, 504, 529})
        EXPECT_EQ(text(status), std::to_string(status));
    for (const int status : {-1, 1, 2, 99, 299, 427, 512, 600, 999, 65736})
        EXPECT_EQ(text(status), "other") << status;
}

}  // namespace
}  // namespace backstop::proxy
