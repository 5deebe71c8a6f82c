#include "policy/message.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace backstop::policy {
namespace {

TEST(FindHeader, ComparesNamesWithoutCase) {
    const std::array<Field, 2> fields{{{"Content-Type", "text/plain"}, {"RETRY-after", "7"}}};
    EXPECT_EQ(find_header(fields, "Retry-After"), "7");
    EXPECT_EQ(find_header(fields, "content-type"), "text/plain");
}

TEST(FindHeader, GivesTheFirstOfSeveral) {
    const std::array<Field, 2> fields{{{"Date", "first"}, {"date", "second"}}};
    EXPECT_EQ(find_header(fields, "Date"), "first");
}

TEST(FindHeader, TellsAbsentFromEmpty) {
    const std::array<Field, 1> fields{{{"Retry-After", ""}}};
    EXPECT_EQ(find_header(fields, "Retry-After"), "");
    EXPECT_EQ(find_header(fields, "Retry"), std::nullopt);
    EXPECT_EQ(find_header(fields, "Retry-After-Ms"), std::nullopt);
    EXPECT_EQ(find_header({}, "Retry-After"), std::nullopt);
}

TEST(EqualIgnoringCase, KnowsAsciiLettersOnly) {
    EXPECT_TRUE(equal_ignoring_case("aZ-09", "Az-09"));
    EXPECT_FALSE(equal_ignoring_case("[", "{"));  // 32 apart, as letters are
    EXPECT_FALSE(equal_ignoring_case("\xC4", "\xE4"));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
}

TEST(IsRepeatableMethod, FollowsHttpAndItsCase) {
    for (const auto* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
        EXPECT_TRUE(is_repeatable_method(method)) << method;
    for (const auto* method : {"POST", "PATCH", "CONNECT", "get", "Put", "PURGE", ""})
        EXPECT_FALSE(is_repeatable_method(method)) << method;
}

TEST(FailureKind, HasAWordOfItsOwnForEachValue) {
    std::set<std::string> words;
    for (int i = 0; i <= static_cast<int>(FailureKind::malformed); ++i)
        words.emplace(word(static_cast<FailureKind>(i)));
    EXPECT_EQ(words.size(), static_cast<std::size_t>(FailureKind::malformed) + 1);
    EXPECT_FALSE(words.contains(""));
    EXPECT_EQ(word(FailureKind::tls), "tls");
}

}  // namespace
}  // namespace backstop::policy
