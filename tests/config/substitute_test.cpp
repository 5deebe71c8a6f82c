#include "config/substitute.hpp"

#include <gtest/gtest.h>

namespace backstop::config {
namespace {

std::optional<std::string> variable(const std::string& name) {
    if (name == "HOST") return "api.example.com";
    if (name == "EMPTY") return "";
    if (name == "NESTED") return "${HOST}";
    if (name == "_x9") return "odd";
    return std::nullopt;
}

TEST(Substitution, ReplacesReferences) {
    struct Row {
        const char* text;
        const char* result;
    };
    const Row rows[] = {
        {"plain", "plain"},
        {"", ""},
        {"https://${HOST}/v1", "https://api.example.com/v1"},
        {"${HOST}${HOST}", "api.example.comapi.example.com"},
        {"${_x9}", "odd"},
        {"${EMPTY}", ""},
        {"${EMPTY:-default}", "default"},
        {"${UNSET:-default}", "default"},
        {"${UNSET:-}", ""},
        {"${HOST:-default}", "api.example.com"},
        {"${UNSET:-a:-b}", "a:-b"},
        {"${NESTED}", "${HOST}"},  // what comes out is not looked at again
        {"$${HOST}", "${HOST}"},
        {"$$${HOST}", "$${HOST}"},
        {"$HOST and 5$", "$HOST and 5$"},
        {"a $ b", "a $ b"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.text);
        const Substituted result = substitute(row.text, variable);
        EXPECT_EQ(result.text, row.result);
        EXPECT_TRUE(result.problems.empty());
    }
}

TEST(Substitution, SaysWhatIsWrongWithAReference) {
    for (const char* const text :
         {"${UNSET}",
          "${",
          "${HOST",
          "${}",
          "${:-x}",
          "${9X}",
          "${A B}",
          "${HOST-x}",
          "${UNSET:x}"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(substitute(text, variable).problems.size(), 1U);
    }
    EXPECT_EQ(substitute("${A} ${HOST} ${B}", variable).problems.size(), 2U);
}

// Its first brace would end the reference: what is left is not what anybody meant.
TEST(Substitution, RefusesAReferenceInADefault) {
    for (const char* const text : {"${UNSET:-${HOST}}", "${HOST:-${UNSET}}", "${UNSET:-a$${b}"}) {
        SCOPED_TRACE(text);
        const Substituted result = substitute(text, variable);
        ASSERT_EQ(result.problems.size(), 1U);
        EXPECT_NE(result.problems[0].message.find("plain text"), std::string::npos);
    }
}

TEST(Substitution, KnowsWhetherThereWasAReference) {
    EXPECT_TRUE(substitute("${HOST}", variable).referred);
    EXPECT_TRUE(substitute("${UNSET:-x}", variable).referred);
    EXPECT_FALSE(substitute("$${HOST} $5", variable).referred);
}

TEST(Substitution, PointsAtTheReference) {
    const std::string text = "a = [\n  \"é${HOST}${UNSET}\",\n  '''\n${GONE}''',\n]\n";
    Document document = parse_document(text, "x.toml");
    ASSERT_TRUE(document.root);
    Report report("x.toml");
    substitute_all(*document.root, text, variable, report);
    const std::vector<Diagnostic> found = report.sorted();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].line, 2U);
    EXPECT_EQ(found[0].column, 12U);
    EXPECT_EQ(found[0].path, "a[0]");
    EXPECT_EQ(found[1].line, 4U);
    EXPECT_EQ(found[1].column, 1U);
    EXPECT_EQ(found[1].path, "a[1]");
}

}  // namespace
}  // namespace backstop::config
