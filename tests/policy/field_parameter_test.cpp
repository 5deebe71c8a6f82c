#include "policy/field_parameter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace backstop::policy {
namespace {

TEST(FindParameter, ReadsBothFormsOfTheDraft) {
    EXPECT_EQ(find_parameter(R"("default";r=50;t=30)", "t"), "30");
    EXPECT_EQ(find_parameter(R"("default" ; r=50 ; t=30)", "r"), "50");
    EXPECT_EQ(find_parameter("limit=100, remaining=50, reset=5", "reset"), "5");
    EXPECT_EQ(find_parameter("100;w=60", "w"), "60");
    EXPECT_EQ(find_parameter(R"("default";q=100;pk="a key")", "pk"), "a key");
}

TEST(FindParameter, PrefersTheNamedWindow) {
    constexpr std::string_view field = R"("day";r=900;t=3600, "minute";r=0;t=20)";
    EXPECT_EQ(find_parameter(field, "t", "minute"), "20");
    EXPECT_EQ(find_parameter(field, "t", "day"), "3600");
    EXPECT_EQ(find_parameter(field, "t", "hour"), "3600");
    EXPECT_EQ(find_parameter(field, "t"), "3600");
}

TEST(FindParameter, IsNotMisledByQuotes) {
    constexpr std::string_view field = R"("a;r=1,b;t=2\";t=3";r=4;t=5)";
    EXPECT_EQ(find_parameter(field, "r"), "4");
    EXPECT_EQ(find_parameter(field, "t"), "5");
}

TEST(FindParameter, FindsNothingWhereThereIsNothing) {
    EXPECT_EQ(find_parameter("", "t"), std::nullopt);
    EXPECT_EQ(find_parameter("default", "t"), std::nullopt);
    EXPECT_EQ(find_parameter(R"("default";tt=1;T=2;t)", "t"), std::nullopt);
}

TEST(TightestWindow, IsTheOneWithTheLeastRemaining) {
    EXPECT_EQ(tightest_window(R"("day";r=900;t=3600, "minute";r=0;t=20)"), "minute");
    EXPECT_EQ(tightest_window(R"("minute";r=7, "day";r=7)"), "minute");
    EXPECT_EQ(tightest_window(R"("day";t=1, "minute";r=x)"), "");
    EXPECT_EQ(tightest_window(""), "");
}

RC_GTEST_PROP(FindParameter, SurvivesArbitraryTexts, (const std::string& text)) {
    find_parameter(text, "t", tightest_window(text));
    const std::string field = "\"a\";r=1;t=" + text;
    const auto found = find_parameter(field, "t");
    RC_ASSERT(found.has_value());
}

}  // namespace
}  // namespace backstop::policy
