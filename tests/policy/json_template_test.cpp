#include "policy/json_template.hpp"

#include "policy/json_view.hpp"
#include "policy/placeholder.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

std::string render(std::string_view text, const TemplateValues& values = {}) {
    return JsonTemplate::parse(text).render(values);
}

std::string rendered_with_body(std::string_view text, std::string_view body) {
    TemplateValues values;
    values.request_body = body;
    return render(text, values);
}

std::string message_of(std::string_view text) {
    try {
        JsonTemplate::parse(text);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "none";
}

TEST(JsonTemplate, KeepsWhatIsNoPlaceholder) {
    EXPECT_EQ(
        render(R"( {"b": [1, -2, 0.5, true, null, "x"], "a": {}, "": [], "q": "\"\u00e4\n"} )"),
        "{\"b\":[1,-2,0.5,true,null,\"x\"],\"a\":{},\"\":[],\"q\":\"\\\"\xC3\xA4\\n\"}"
    );
    EXPECT_EQ(render("7"), "7");
}

TEST(JsonTemplate, WritesTheFallbackOfStickyCalls) {
    const JsonTemplate fallback = JsonTemplate::parse(
        R"({"hasContext": false, "call_id": "{{request.body./call_id}}", "call_start": "{{now}}",
            "identity": {"confidence": 0, "level": "none", "sources": []}, "variables": {}})"
    );
    TemplateValues values;
    values.request_body = R"({"call_id": "call_12345", "identity_hints": {"ani": "+14155551234"}})";
    values.now = WallTime(1770552000s);
    EXPECT_EQ(
        fallback.render(values),
        R"({"hasContext":false,"call_id":"call_12345","call_start":"2026-02-08T12:00:00.000Z",)"
        R"("identity":{"confidence":0,"level":"none","sources":[]},"variables":{}})"
    );
}

TEST(JsonTemplate, KeepsTheTypeOfAScalar) {
    constexpr std::string_view text = R"(["{{request.body./v}}"])";
    EXPECT_EQ(rendered_with_body(text, R"({"v": 42})"), "[42]");
    EXPECT_EQ(rendered_with_body(text, R"({"v": -0.25})"), "[-0.25]");
    EXPECT_EQ(rendered_with_body(text, R"({"v": 18446744073709551615})"), "[18446744073709551615]");
    EXPECT_EQ(rendered_with_body(text, R"({"v": true})"), "[true]");
    EXPECT_EQ(rendered_with_body(text, R"({"v": "42"})"), R"(["42"])");
    EXPECT_EQ(rendered_with_body(text, R"({"v": ""})"), R"([""])");
}

TEST(JsonTemplate, WritesNullWhereThereIsNoScalar) {
    constexpr std::string_view text = R"({"a": "{{request.body./v}}"})";
    for (const std::string_view body :
         {"",
          "no json",
          "{}",
          R"({"v": null})",
          R"({"v": {}})",
          R"({"v": [1]})",
          R"({"v": 1e999})"})
        EXPECT_EQ(rendered_with_body(text, body), R"({"a":null})") << body;
    EXPECT_EQ(render(R"("{{request.body./v?}}")"), "null");
}

TEST(JsonTemplate, DropsAMemberThatIsOptional) {
    constexpr std::string_view text =
        R"({"a": "{{request.body./a?}}", "b": "{{request.body./b?}}", "c": ["{{request.body./a?}}"]})";
    EXPECT_EQ(rendered_with_body(text, "{}"), R"({"c":[]})");
    EXPECT_EQ(rendered_with_body(text, R"({"a": 1})"), R"({"a":1,"c":[1]})");
    EXPECT_EQ(rendered_with_body(text, R"({"b": 2})"), R"({"b":2,"c":[]})");
}

TEST(JsonTemplate, TakesStringsOfUpToOneKibibyte) {
    const auto body = [](std::size_t size) {
        return R"({"v": ")" + std::string(size, 'x') + "\"}";
    };
    constexpr std::string_view text = R"("{{request.body./v}}")";
    EXPECT_EQ(rendered_with_body(text, body(1024)).size(), 1026U);
    EXPECT_EQ(rendered_with_body(text, body(1025)), "null");
}

TEST(JsonTemplate, FillsInWithinALongerString) {
    TemplateValues values;
    values.error_status = 503;
    values.retry_after = 1500ms;
    EXPECT_EQ(
        render(
            R"(["{{error.status}}: wait {{ retry_after }} s, {{limit}}{{error.id?}}."])", values
        ),
        R"(["503: wait 2 s, ."])"
    );
}

TEST(JsonTemplate, CannotBeBrokenOutOf) {
    const std::string evil = R"({"v": "\", \"admin\": true, \"x\": \"{{now}}\u0000\n"})";
    for (const std::string_view text :
         {R"({"a": "{{request.body./v}}"})", R"({"a": "id {{request.body./v}}"})"}) {
        const std::string out = rendered_with_body(text, evil);
        const JsonView view = JsonView::parse(out);
        EXPECT_TRUE(view.valid()) << out;
        EXPECT_EQ(view.scalar("/admin"), std::nullopt) << out;
        EXPECT_NE(out.find("{{now}}"), std::string::npos) << out;
    }
}

TEST(JsonTemplate, KnowsEveryName) {
    TemplateValues values;
    values.now = WallTime(1770552000s);
    values.error_code = "rate_limited";
    values.error_message = "The limit is used up.";
    values.error_phrase = "Too Many Requests";
    values.error_id = "backstop-1";
    values.error_status = 429;
    values.retry_after = 41s + 1ns;
    values.limit = 100;
    values.used = 111;
    values.remaining = 0;
    const struct {
        std::string name, expected;
    } rows[] = {
        {"now", R"("2026-02-08T12:00:00.000Z")"},
        {"error.code", R"("rate_limited")"},
        {"error.message", R"("The limit is used up.")"},
        {"error.phrase", R"("Too Many Requests")"},
        {"error.id", R"("backstop-1")"},
        {"error.status", "429"},
        {"retry_after", "42"},
        {"reset_at", R"("2026-02-08T12:00:41.001Z")"},
        {"reset_epoch", "1770552042"},
        {"limit", "100"},
        {"used", "111"},
        {"remaining", "0"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(render("\"{{" + row.name + "}}\"", values), row.expected);
        if (row.name != "now") {
            EXPECT_EQ(render("\"{{" + row.name + "}}\""), "null");
        }
    }
}

TEST(JsonTemplate, TellsWhereTheJsonIsWrong) {
    EXPECT_EQ(message_of("{\n  \"a\": tru\n}"), "not valid JSON at line 2, column 8: syntax error");
    EXPECT_EQ(message_of(R"({"a": 1)"), "not valid JSON at line 1, column 8: incomplete JSON");
    EXPECT_EQ(message_of(""), "not valid JSON at line 1, column 1: incomplete JSON");
    EXPECT_EQ(message_of("{} {}"), "text after the end of the JSON, at line 1, column 4");
}

TEST(JsonTemplate, TellsWhichPlaceholderIsUnknownAndWhichThereAre) {
    const std::string message = message_of("{\"a\": 1,\n \"b\": \"{{eror.code}}\"}");
    EXPECT_TRUE(message.starts_with("line 2, column 8: unknown placeholder '{{eror.code}}'; "))
        << message;
    EXPECT_NE(message.find("error.code"), std::string::npos) << message;
    EXPECT_NE(message.find("request.body./POINTER"), std::string::npos) << message;
}

TEST(JsonTemplate, RefusesOtherMistakesWithPlaceholders) {
    EXPECT_EQ(message_of(R"(["{{now"])"), "line 1, column 3: '{{now' lacks its closing }}");
    EXPECT_EQ(
        message_of(R"({"{{now}}": 1})"),
        "line 1, column 3: a placeholder cannot stand in the name of a member: '{{now}}'"
    );
    for (const auto* pointer : {"request.body.", "request.body.call_id", "request.body./a~2"}) {
        const std::string message = message_of("\"{{" + std::string(pointer) + "}}\"");
        EXPECT_NE(message.find("needs a JSON Pointer"), std::string::npos) << message;
    }
    for (const auto* name : {"", "?", "request.body", "Now", "error", "now??"})
        EXPECT_NE(message_of("\"{{" + std::string(name) + "}}\""), "none") << name;
}

TEST(JsonTemplate, RendersNothingWhenEmpty) {
    EXPECT_TRUE(JsonTemplate().empty());
    EXPECT_EQ(JsonTemplate().render({}), "");
    EXPECT_FALSE(JsonTemplate::parse("null").empty());
    EXPECT_EQ(JsonTemplate::parse("[ 1 ]").text(), "[ 1 ]");
}

TEST(RenderText, FillsInValuesForAHeader) {
    TemplateValues values;
    values.limit = 100;
    EXPECT_EQ(render_text("{{limit}}", values), "100");
    EXPECT_EQ(render_text("{{limit}};w=60", values), "100;w=60");
    EXPECT_EQ(render_text("{{remaining}}", values), "");
    EXPECT_EQ(render_text("plain", values), "plain");
    EXPECT_EQ(render_text("{{unknown}}", values), "");
}

TEST(RenderText, CannotEndTheHeader) {
    TemplateValues values;
    values.request_body = R"({"v": "a\r\nSet-Cookie: b\u0000\u007f"})";
    EXPECT_EQ(render_text("{{request.body./v}}", values), "aSet-Cookie: b");
}

TEST(ParseText, RefusesWhatCannotBeRendered) {
    EXPECT_NO_THROW(parse_text("{{reset_epoch}}"));
    EXPECT_NO_THROW(parse_text("plain }} text"));
    EXPECT_THROW(parse_text("{{reset}}"), std::invalid_argument);
    EXPECT_THROW(parse_text("{{limit"), std::invalid_argument);
}

RC_GTEST_PROP(
    JsonTemplate, RendersJsonWhateverTheRequest, (const std::string& body, const std::string& text)
) {
    const JsonTemplate sample = JsonTemplate::parse(
        R"({"a": "{{request.body./v}}", "b": "x{{request.body./v}}y", "c": "{{error.message?}}"})"
    );
    TemplateValues values;
    values.request_body = body;
    RC_ASSERT(JsonView::parse(sample.render(values)).valid());
    const std::string with_value = "{\"v\": \"" + text + "\"}";
    values.request_body = with_value;
    RC_ASSERT(JsonView::parse(sample.render(values)).valid());
}

}  // namespace
}  // namespace backstop::policy
