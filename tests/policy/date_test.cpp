#include "policy/date.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

WallTime at(int year, unsigned month, unsigned day, Duration time = {}) {
    using namespace std::chrono;
    return WallTime(sys_days(year_month_day(
               std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)
           ))) +
           time;
}

const WallTime now = at(2026, 2, 8, 12h);

TEST(ParseHttpDate, ReadsTheThreeFormsOfTheRfcsExample) {
    const WallTime expected = at(1994, 11, 6, 8h + 49min + 37s);
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), expected);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), expected);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), expected);
}

TEST(ParseHttpDate, ReadsOtherGoodDates) {
    const struct {
        std::string name, text;
        WallTime expected;
    } rows[] = {
        {"leap day", "Thu, 29 Feb 2024 00:00:00 GMT", at(2024, 2, 29)},
        {"leap second", "Sat, 31 Dec 2016 23:59:60 GMT", at(2017, 1, 1)},
        {"wrong weekday", "Mon, 08 Feb 2026 12:00:30 GMT", now + 30s},
        {"two-digit day in asctime", "Sun Feb 08 12:00:30 2026", now + 30s},
        {"blanks around", " Sun, 08 Feb 2026 12:00:30 GMT\t", now + 30s},
        {"epoch", "Thu, 01 Jan 1970 00:00:00 GMT", at(1970, 1, 1)},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(parse_http_date(row.text, now), row.expected);
    }
}

TEST(ParseHttpDate, RefusesWhatIsNoDate) {
    for (const std::string text :
         {"",
          "Sun",
          "Sun, 6 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37",
          "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 06 Nov 1994 08:49:37 GMT+1",
          "Sun, 31 Feb 2026 08:49:37 GMT",
          "Sun, 29 Feb 2026 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 Nov 1994 08:60:00 GMT",
          "Sun, 06 Nov 1994 08:49:61 GMT",
          "Sun, 00 Nov 1994 08:49:37 GMT",
          "Foo, 06 Nov 1994 08:49:37 GMT",
          "Sun, 06 Foo 1994 08:49:37 GMT",
          "Sun, 06 Nov 0001 08:49:37 GMT",
          "Sun, 06 Nov 9999 08:49:37 GMT",
          "Sun, -6 Nov 1994 08:49:37 GMT",
          "2026-02-08T12:00:30Z"})
        EXPECT_EQ(parse_http_date(text, now), std::nullopt) << text;
}

TEST(ParseHttpDate, PlacesTwoDigitYearsWithinFiftyYears) {
    const auto year_of = [](const std::string& digits, WallTime present) {
        const auto date = parse_http_date("Sunday, 06-Nov-" + digits + " 08:49:37 GMT", present);
        if (!date) return 0;
        const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(*date));
        return static_cast<int>(day.year());
    };
    EXPECT_EQ(year_of("26", now), 2026);
    EXPECT_EQ(year_of("76", now), 2076);
    EXPECT_EQ(year_of("77", now), 1977);
    EXPECT_EQ(year_of("99", now), 1999);
    EXPECT_EQ(year_of("01", at(1999, 12, 31)), 2001);
    EXPECT_EQ(year_of("00", at(2060, 1, 1)), 2100);
}

TEST(ParseIso8601, ReadsFractionsAndOffsets) {
    const struct {
        std::string name, text;
        WallTime expected;
    } rows[] = {
        {"the guide's", "2026-02-08T12:01:00.000Z", now + 60s},
        {"without fraction", "2026-02-08T12:01:00Z", now + 60s},
        {"lower case", "2026-02-08t12:01:00z", now + 60s},
        {"a space between", "2026-02-08 12:01:00Z", now + 60s},
        {"without offset", "2026-02-08T12:01:00", now + 60s},
        {"one digit", "2026-02-08T12:01:00.5Z", now + 60500ms},
        {"microseconds", "2026-02-08T12:01:00.000001+00:00", now + 60s + 1us},
        {"more than nanoseconds", "2026-02-08T12:01:00.1234567899999Z", now + 60s + 123456789ns},
        {"a comma", "2026-02-08T12:01:00,25Z", now + 60250ms},
        {"ahead of UTC", "2026-02-08T17:31:00+05:30", now + 60s},
        {"behind UTC", "2026-02-08T04:01:00-0800", now + 60s},
        {"hours only", "2026-02-08T14:01:00+02", now + 60s},
        {"over midnight", "2026-02-09T01:01:00+13:00", now + 60s},
        {"unknown local offset", "2026-02-08T12:01:00-00:00", now + 60s},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(parse_iso8601(row.text), row.expected);
    }
}

TEST(ParseIso8601, RefusesWhatIsNoDate) {
    for (const std::string text :
         {"",
          "2026-02-08",
          "2026-02-08T12:01Z",
          "2026-02-08T12:01:00.Z",
          "2026-02-30T12:01:00Z",
          "2026-13-08T12:01:00Z",
          "2026-02-08T25:01:00Z",
          "2026-02-08T12:01:00+24:00",
          "2026-02-08T12:01:00+05:60",
          "2026-02-08T12:01:00+5",
          "2026-02-08T12:01:00+05:",
          "2026-02-08T12:01:00Zx",
          "20260208T120100Z",
          "+2026-02-08T12:01:00Z",
          "0000-02-08T12:01:00Z",
          "9999-02-08T12:01:00Z",
          "Sun, 06 Nov 1994 08:49:37 GMT"})
        EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
}

TEST(FormatIso8601, WritesUtcWithMilliseconds) {
    EXPECT_EQ(format_iso8601(now + 60s), "2026-02-08T12:01:00.000Z");
    EXPECT_EQ(format_iso8601(now + 1999us), "2026-02-08T12:00:00.001Z");
    EXPECT_EQ(format_iso8601(at(1970, 1, 1) - 1ns), "1969-12-31T23:59:59.999Z");
}

RC_GTEST_PROP(FormatIso8601, IsReadBackAsItWasWritten, ()) {
    const auto milliseconds = *rc::gen::inRange<long>(0, 7'000'000'000'000);
    const WallTime time{std::chrono::milliseconds(milliseconds)};
    RC_ASSERT(parse_iso8601(format_iso8601(time)) == time);
}

RC_GTEST_PROP(Dates, SurviveArbitraryTexts, (const std::string& text)) {
    parse_http_date(text, now);
    parse_iso8601(text);
    parse_http_date("Sun, 06 Nov " + text, now);
    parse_iso8601("2026-02-08T12:01:00" + text);
}

}  // namespace
}  // namespace backstop::policy
