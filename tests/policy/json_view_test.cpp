#include "policy/json_view.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>

namespace backstop::policy {
namespace {

constexpr std::string_view sample = R"({
    "error": {"code": "rate_limit_exceeded", "details": {"retry_after": 60, "field": "a/b~c"}},
    "wait": "42.5", "ratio": 0.5, "fine": true, "nothing": null, "empty": "",
    "list": [{"id": -7}], "big": 18446744073709551615, "a/b": 1, "m~n": 2, "": 3
})";

TEST(JsonView, FindsScalarsByPointer) {
    const JsonView view = JsonView::parse(sample);
    ASSERT_TRUE(view.valid());
    EXPECT_EQ(view.text("/error/code"), "rate_limit_exceeded");
    EXPECT_EQ(view.number("/error/details/retry_after"), 60);
    EXPECT_EQ(view.number("/ratio"), 0.5);
    EXPECT_EQ(view.number("/list/0/id"), -7);
    EXPECT_EQ(view.scalar("/fine"), JsonScalar(true));
    EXPECT_EQ(view.text("/empty"), "");
}

TEST(JsonView, KeepsAllDigitsOfIntegers) {
    const JsonView view = JsonView::parse(sample);
    EXPECT_EQ(view.text("/big"), "18446744073709551615");
    EXPECT_EQ(JsonView::parse("-9223372036854775808").text(""), "-9223372036854775808");
}

TEST(JsonView, ReadsNumbersFromStringsButNotFromBooleans) {
    const JsonView view = JsonView::parse(sample);
    EXPECT_EQ(view.number("/wait"), 42.5);
    EXPECT_EQ(view.number("/fine"), std::nullopt);
    EXPECT_EQ(view.number("/error/code"), std::nullopt);
    EXPECT_EQ(view.number("/empty"), std::nullopt);
}

TEST(JsonView, FindsNoContainersAndNoNulls) {
    const JsonView view = JsonView::parse(sample);
    for (const auto* pointer : {"/error", "/list", "/nothing", "", "/absent", "/error/code/more"})
        EXPECT_EQ(view.scalar(pointer), std::nullopt) << pointer;
}

TEST(JsonView, FollowsTheEscapesOfPointers) {
    const JsonView view = JsonView::parse(sample);
    EXPECT_EQ(view.number("/a~1b"), 1);
    EXPECT_EQ(view.number("/m~0n"), 2);
    EXPECT_EQ(view.number("/"), 3);
}

TEST(JsonView, FindsNothingByMalformedPointers) {
    const JsonView view = JsonView::parse(sample);
    for (const auto* pointer :
         {"wait",
          "/m~n",
          "/m~2n",
          "/list/-",
          "/list/00",
          "/list/x",
          "/list/99999999999999999999999",
          "/list/0/",
          "~"})
        EXPECT_EQ(view.scalar(pointer), std::nullopt) << pointer;
}

TEST(JsonView, FindsNothingInWhatIsNoJson) {
    for (const auto* text :
         {"",
          "{",
          "{\"a\":1",
          "{\"a\":1}}",
          "{'a':1}",
          "NaN",
          "{\"a\":01}",
          "<html>429</html>",
          "{\"a\":\"\xff\"}",
          "{\"a\":1,}"}) {
        const JsonView view = JsonView::parse(text);
        EXPECT_FALSE(view.valid()) << text;
        EXPECT_EQ(view.scalar("/a"), std::nullopt) << text;
    }
    EXPECT_EQ(JsonView().scalar(""), std::nullopt);
}

TEST(JsonView, SkipsAByteOrderMark) {
    EXPECT_EQ(JsonView::parse("\xEF\xBB\xBF{\"a\":1}").number("/a"), 1);
}

TEST(JsonView, TakesTheLastOfDuplicates) {
    EXPECT_EQ(JsonView::parse(R"({"a":1,"a":2})").number("/a"), 2);
}

TEST(JsonView, TreatsNumbersBeyondADoubleAsAbsent) {
    EXPECT_EQ(JsonView::parse(R"({"a":1e999})").scalar("/a"), std::nullopt);
    EXPECT_EQ(JsonView::parse(R"({"a":-1e999})").number("/a"), std::nullopt);
    EXPECT_EQ(
        JsonView::parse(R"({"a":")" + std::string(400, '9') + "\"}").number("/a"), std::nullopt
    );
    // Too large for an integer, but not for a double.
    EXPECT_EQ(JsonView::parse(R"({"a":100000000000000000000})").number("/a"), 1e20);
}

TEST(JsonView, RefusesWhatIsNestedTooDeep) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + "1" + std::string(depth, ']');
    };
    EXPECT_TRUE(JsonView::parse(nested(JsonView::depth_max)).valid());
    EXPECT_FALSE(JsonView::parse(nested(JsonView::depth_max + 1)).valid());
    EXPECT_FALSE(JsonView::parse(std::string(200'000, '[')).valid());
}

TEST(JsonView, RefusesWhatIsTooLong) {
    const auto of_size = [](std::size_t size) { return '"' + std::string(size - 2, 'x') + '"'; };
    EXPECT_TRUE(JsonView::parse(of_size(JsonView::default_bytes_max)).valid());
    EXPECT_FALSE(JsonView::parse(of_size(JsonView::default_bytes_max + 1)).valid());
    EXPECT_TRUE(JsonView::parse("[1]", 3).valid());
    EXPECT_FALSE(JsonView::parse("[1] ", 3).valid());
}

TEST(ToText, WritesScalarsAsAPersonWould) {
    EXPECT_EQ(to_text(JsonScalar(true)), "true");
    EXPECT_EQ(to_text(JsonScalar(std::int64_t{-5})), "-5");
    EXPECT_EQ(to_text(JsonScalar(0.5)), "0.5");
    EXPECT_EQ(to_text(JsonScalar(100.0)), "100");
    EXPECT_EQ(to_text(JsonScalar(1e300)), "1e+300");
    EXPECT_EQ(to_text(JsonScalar(std::string("text"))), "text");
}

TEST(IsJsonPointer, KnowsTheGrammarOfRfc6901) {
    for (const auto* text : {"", "/", "/a", "/a/0", "/a~0b~1c", "/~01"})
        EXPECT_TRUE(is_json_pointer(text)) << text;
    for (const auto* text : {"a", "a/b", "/~", "/~2", "/a~"})
        EXPECT_FALSE(is_json_pointer(text)) << text;
}

// Documents of which a few bytes have been changed: nothing may throw, crash or read out of bounds,
// and a number that is found is finite.
RC_GTEST_PROP(JsonView, SurvivesMutatedDocuments, ()) {
    std::string text(sample);
    const auto mutations = *rc::gen::inRange(0, 8);
    for (int i = 0; i < mutations; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto byte = *rc::gen::arbitrary<char>();
        switch (*rc::gen::inRange(0, 3)) {
            case 0:
                text[at] = byte;
                break;
            case 1:
                text.insert(at, 1, byte);
                break;
            default:
                text.resize(at + 1);
                break;
        }
    }
    const JsonView view = JsonView::parse(text);
    for (const auto* pointer : {"", "/wait", "/error/details/retry_after", "/list/0/id", "/big"}) {
        const auto number = view.number(pointer);
        RC_ASSERT(std::isfinite(number.value_or(0)));
        const auto found = view.text(pointer);
        RC_ASSERT(found.has_value() == view.scalar(pointer).has_value());
    }
}

RC_GTEST_PROP(
    JsonView,
    SurvivesArbitraryTextsAndPointers,
    (const std::string& text, const std::string& pointer)
) {
    const JsonView view = JsonView::parse(text);
    view.text(pointer);
    JsonView::parse(sample).text("/" + pointer);
}

}  // namespace
}  // namespace backstop::policy
