#include "policy/delay.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using enum DelayFormat;

constexpr Moment now{Instant(1000h), WallTime(1770552000s)};  // 2026-02-08 12:00:00 UTC

// The wait that a text comes to, from `now` on, where both clocks agree.
std::optional<Duration> wait(DelayFormat format, std::string_view text) {
    const auto delay = parse_delay(format, text, now.wall);
    return delay ? delay_from(*delay, ClockOffset{}, now) : std::nullopt;
}

std::optional<Duration> wait(DelayFormat format, double number) {
    const auto delay = parse_delay(format, number);
    return delay ? delay_from(*delay, ClockOffset{}, now) : std::nullopt;
}

TEST(ParseDelay, ReadsEachFormat) {
    const struct {
        std::string name;
        DelayFormat format;
        std::string text;
        Duration expected;
    } rows[] = {
        {"whole seconds", seconds, "42", 42s},
        {"no wait", seconds, "0", 0s},
        {"a fraction", seconds, "0.5", 500ms},
        {"blanks around", seconds, " 42\t", 42s},
        {"leading zeros", seconds, "007", 7s},
        {"a whole day", seconds, "86400", 24h},
        {"milliseconds", milliseconds, "1500", 1500ms},
        {"Retry-After in seconds", seconds_or_date, "120", 120s},
        {"Retry-After as a date", seconds_or_date, "Sun, 08 Feb 2026 12:00:30 GMT", 31s},
        {"an obsolete date", seconds_or_date, "Sunday, 08-Feb-26 12:00:30 GMT", 31s},
        {"asctime", http_date, "Sun Feb  8 12:00:30 2026", 31s},
        {"ISO 8601", iso8601, "2026-02-08T12:01:00.000Z", 61s},
        {"ISO 8601 with offset", iso8601, "2026-02-08T13:01:00.5+01:00", 61500ms},
        {"epoch", epoch_seconds, "1770552042", 43s},
        {"epoch with fraction", epoch_seconds, "1770552042.25", 43250ms},
        {"epoch in milliseconds", epoch_milliseconds, "1770552042250", 43250ms},
        {"just over", epoch_seconds, "1770552000", 1s},
        {"minutes and seconds", duration, "1m30s", 90s},
        {"an hour", duration, "1h", 1h},
        {"milliseconds as a unit", duration, "250ms", 250ms},
        {"a fraction of a unit", duration, "1.5s", 1500ms},
        {"all units", duration, "1h2m3s4ms5us6ns", 1h + 2min + 3s + 4ms + 5us + 6ns},
        {"zero minutes", duration, "6m0s", 6min},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(wait(row.format, row.text), row.expected);
    }
}

TEST(ParseDelay, FindsOutByItselfWhereTheFormatIsAutomatic) {
    const struct {
        std::string name, text;
        Duration expected;
    } rows[] = {
        {"seconds", "42", 42s},
        {"a fraction", "1.5", 1500ms},
        {"epoch", "1770552042", 43s},
        {"epoch in milliseconds", "1770552042250", 43250ms},
        {"ISO 8601", "2026-02-08T12:01:00Z", 61s},
        {"HTTP-date", "Sun, 08 Feb 2026 12:00:30 GMT", 31s},
        {"duration", "1m30s", 90s},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(wait(automatic, row.text), row.expected);
    }
}

TEST(ParseDelay, GivesNoDelayForWhatIsAbsurd) {
    const struct {
        std::string name;
        DelayFormat format;
        std::string text;
    } rows[] = {
        {"empty", seconds, ""},
        {"blank", seconds, "  "},
        {"negative", seconds, "-1"},
        {"minus zero point one", seconds, "-0.1"},
        {"a word", seconds, "soon"},
        {"NaN", seconds, "nan"},
        {"infinity", seconds, "inf"},
        {"an exponent", seconds, "1e3"},
        {"hexadecimal", seconds, "0x10"},
        {"a plus", seconds, "+5"},
        {"no digit first", seconds, ".5"},
        {"a unit where there is none", seconds, "5s"},
        {"a list", seconds, "5, 6"},
        {"over a day", seconds, "86401"},
        {"overflowing an integer", seconds, "99999999999999999999"},
        {"overflowing a double", seconds, std::string(400, '9')},
        {"over a day in milliseconds", milliseconds, "86400001"},
        {"a date where seconds stand", seconds, "Sun, 08 Feb 2026 12:00:30 GMT"},
        {"a date in the past", seconds_or_date, "Sun, 08 Feb 2026 11:59:58 GMT"},
        {"a date after tomorrow", http_date, "Tue, 10 Feb 2026 12:00:00 GMT"},
        {"a number where a date stands", http_date, "30"},
        {"ISO 8601 in the past", iso8601, "2026-02-08T11:00:00Z"},
        {"ISO 8601 of another year", iso8601, "2027-02-08T12:00:00Z"},
        {"an epoch in the past", epoch_seconds, "1706140800"},
        {"seconds where an epoch stands", epoch_seconds, "60"},
        {"milliseconds where seconds stand", epoch_seconds, "1770552042000"},
        {"an epoch far ahead", epoch_seconds, "9999999999"},
        {"an overflowing epoch", epoch_milliseconds, "99999999999999999999999"},
        {"a number without unit", duration, "1m30"},
        {"a unit without number", duration, "m"},
        {"an unknown unit", duration, "3d"},
        {"two points", duration, "1.2.3s"},
        {"a negative part", duration, "1m-30s"},
        {"a duration over a day", duration, "23h60m1s"},
        {"an overflowing duration", duration, "99999999999999999h"},
        {"an ambiguous number", automatic, "90000"},
        {"nothing that is known", automatic, "tomorrow"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(wait(row.format, row.text), std::nullopt);
    }
}

TEST(ParseDelay, ReadsNumbersOfJson) {
    EXPECT_EQ(wait(seconds, 42.0), 42s);
    EXPECT_EQ(wait(seconds_or_date, 0.25), 250ms);
    EXPECT_EQ(wait(milliseconds, 1500.0), 1500ms);
    EXPECT_EQ(wait(epoch_seconds, 1770552042.0), 43s);
    EXPECT_EQ(wait(epoch_milliseconds, 1770552042250.0), 43250ms);
    EXPECT_EQ(wait(automatic, 30.0), 30s);
    for (const auto format : {http_date, iso8601, duration})
        EXPECT_EQ(wait(format, 42.0), std::nullopt);
}

TEST(ParseDelay, GivesNoDelayForNumbersThatAreNone) {
    using Limits = std::numeric_limits<double>;
    for (const double number :
         {Limits::quiet_NaN(),
          Limits::infinity(),
          -Limits::infinity(),
          Limits::max(),
          Limits::lowest(),
          -1.0})
        for (const auto format :
             {seconds, milliseconds, seconds_or_date, epoch_seconds, epoch_milliseconds, automatic})
            EXPECT_EQ(wait(format, number), std::nullopt) << number;
}

// The guide's number is a floor: rounding goes up, to the nanosecond.
TEST(ParseDelay, NeverRoundsDown) {
    EXPECT_EQ(wait(seconds, "0.0000000001"), 1ns);
    EXPECT_EQ(wait(duration, "0.1ns"), 1ns);
}

TEST(DelayFrom, CorrectsDatesByTheClockOffsetAndDurationsNot) {
    ClockOffset clock;  // the upstream's clock is an hour ahead
    const Moment received{now.steady + 10ms, now.wall + 10ms};
    clock.observe(now.wall + 1h, now, received);
    ASSERT_TRUE(clock.offset());
    const Duration offset = *clock.offset();
    EXPECT_NEAR(std::chrono::duration<double>(offset).count(), 3600, 1);

    const Delay date = now.wall + 1h + 30s;
    EXPECT_EQ(delay_from(date, clock, now), 1h + 30s - offset + date_margin);
    EXPECT_EQ(delay_from(Delay(Duration(30s)), clock, now), 30s);
    // Without the correction this would be a wait of an hour; with it, it is long past.
    EXPECT_EQ(delay_from(Delay(now.wall + 50min), clock, now), std::nullopt);
}

TEST(DelayFrom, TakesADateThatHasJustPassedForNow) {
    EXPECT_EQ(delay_from(Delay(now.wall - 1s), ClockOffset{}, now), 0s);
    EXPECT_EQ(delay_from(Delay(now.wall - 1001ms), ClockOffset{}, now), std::nullopt);
}

constexpr DelayFormat formats[] = {
    seconds,
    milliseconds,
    seconds_or_date,
    http_date,
    iso8601,
    epoch_seconds,
    epoch_milliseconds,
    duration,
    automatic,
};

bool plausible(const std::optional<Duration>& wait) {
    return !wait || (*wait >= Duration::zero() && *wait <= delay_max);
}

RC_GTEST_PROP(ParseDelay, IsPlausibleOrNothingForArbitraryTexts, (const std::string& text)) {
    for (const auto format : formats)
        RC_ASSERT(plausible(wait(format, text)));
}

// Texts made of what delays are made of get deeper into the parsers than arbitrary ones.
RC_GTEST_PROP(ParseDelay, IsPlausibleOrNothingForTextsMadeOfItsParts, ()) {
    const auto parts =
        *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
            "0",  "1",          "9",        "24",  "60",  "86400", "1770552042",
            ".",  "-",          "+",        "e",   "h",   "m",     "s",
            "ms", "us",         "ns",       "T",   "Z",   ":",     " ",
            ", ", "2026-02-08", "12:00:30", "Sun", "Feb", "GMT",   "99999999999999"}));
    std::string text;
    for (const auto& part : parts)
        text += part;
    for (const auto format : formats)
        RC_ASSERT(plausible(wait(format, text)));
}

RC_GTEST_PROP(ParseDelay, IsPlausibleOrNothingForAnyNumber, (double number)) {
    for (const auto format : formats) {
        RC_ASSERT(plausible(wait(format, number)));
        RC_ASSERT(plausible(wait(format, std::to_string(number))));
    }
}

RC_GTEST_PROP(ParseDelay, ReadsWhatItIsMeantToRead, ()) {
    const auto count = *rc::gen::inRange(0, 86400);
    RC_ASSERT(wait(seconds, std::to_string(count)) == std::chrono::seconds(count));
    RC_ASSERT(wait(automatic, static_cast<double>(count)) == std::chrono::seconds(count));
    RC_ASSERT(
        wait(duration, std::to_string(count / 60) + "m" + std::to_string(count % 60) + "s") ==
        std::chrono::seconds(count)
    );
}

}  // namespace
}  // namespace backstop::policy
