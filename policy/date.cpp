// A Scanner walks over the text; each form of a date is then a list of what must come next.
// Weekdays are checked to be weekdays but not to be the right one: a server whose calendar is wrong
// still means the date.
#include "policy/date.hpp"

#include "policy/number.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace backstop::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr int year_min = 1970;
constexpr int year_max = 2199;

constexpr std::array<std::string_view, 12> months{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> weekdays{
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool literal(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }
    // Takes one of these characters.
    bool one_of(std::string_view characters) {
        if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // Exactly `count` digits.
    bool digits(std::size_t count, int& number) {
        const std::string_view text = rest_.substr(0, count);
        if (text.size() != count || !std::ranges::all_of(text, is_digit)) return false;
        number = 0;
        for (const char digit : text)
            number = number * 10 + (digit - '0');
        rest_.remove_prefix(count);
        return true;
    }
    // All the digits that come, at least one, as a fraction of a second.
    bool fraction(nanoseconds& value) {
        if (rest_.empty() || !is_digit(rest_.front())) return false;
        nanoseconds::rep unit = nanoseconds::period::den / 10;
        nanoseconds::rep sum = 0;
        while (!rest_.empty() && is_digit(rest_.front())) {
            sum += unit * (rest_.front() - '0');
            unit /= 10;
            rest_.remove_prefix(1);
        }
        value = nanoseconds(sum);
        return true;
    }
    bool month(int& number) {
        const auto found = std::ranges::find(months, rest_.substr(0, 3));
        if (found == months.end()) return false;
        number = static_cast<int>(found - months.begin()) + 1;
        rest_.remove_prefix(3);
        return true;
    }
    // The first `length` letters of a weekday, or all of them.
    bool weekday(std::size_t length = std::string_view::npos) {
        return std::ranges::any_of(weekdays, [&](std::string_view day) {
            return literal(day.substr(0, length));
        });
    }
    bool done() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

struct Civil {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    nanoseconds fraction{};
};

bool clock_time(Scanner& in, Civil& out) {
    return in.digits(2, out.hour) && in.literal(":") && in.digits(2, out.minute) &&
           in.literal(":") && in.digits(2, out.second);
}

// A leap second, :60, is the first second of the next minute.
std::optional<WallTime> wall_time(const Civil& civil) {
    using namespace std::chrono;
    const year_month_day date{
        year(civil.year),
        month(static_cast<unsigned>(civil.month)),
        day(static_cast<unsigned>(civil.day))};
    if (!date.ok() || civil.year < year_min || civil.year > year_max) return std::nullopt;
    if (civil.hour > 23 || civil.minute > 59 || civil.second > 60) return std::nullopt;
    return WallTime(sys_days(date)) + hours(civil.hour) + minutes(civil.minute) +
           seconds(civil.second) + civil.fraction;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<WallTime> imf_fixdate(std::string_view text) {
    Scanner in(text);
    Civil out;
    const bool matched = in.weekday(3) && in.literal(", ") && in.digits(2, out.day) &&
                         in.literal(" ") && in.month(out.month) && in.literal(" ") &&
                         in.digits(4, out.year) && in.literal(" ") && clock_time(in, out) &&
                         in.literal(" GMT") && in.done();
    return matched ? wall_time(out) : std::nullopt;
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<WallTime> rfc850_date(std::string_view text, WallTime now) {
    Scanner in(text);
    Civil out;
    const bool matched = in.weekday() && in.literal(", ") && in.digits(2, out.day) &&
                         in.literal("-") && in.month(out.month) && in.literal("-") &&
                         in.digits(2, out.year) && in.literal(" ") && clock_time(in, out) &&
                         in.literal(" GMT") && in.done();
    if (!matched) return std::nullopt;
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int this_year = static_cast<int>(today.year());
    out.year += this_year / 100 * 100;
    if (out.year > this_year + 50) out.year -= 100;
    if (out.year <= this_year - 50) out.year += 100;  // the turn of a century
    return wall_time(out);
}

// Sun Nov  6 08:49:37 1994
std::optional<WallTime> asctime_date(std::string_view text) {
    Scanner in(text);
    Civil out;
    const bool matched =
        in.weekday(3) && in.literal(" ") && in.month(out.month) && in.literal(" ") &&
        (in.literal(" ") ? in.digits(1, out.day) : in.digits(2, out.day)) && in.literal(" ") &&
        clock_time(in, out) && in.literal(" ") && in.digits(4, out.year) && in.done();
    return matched ? wall_time(out) : std::nullopt;
}

// Z, nothing, or how far local time is ahead of UTC.
bool utc_offset(Scanner& in, minutes& offset) {
    offset = minutes(0);
    if (in.done() || in.one_of("Zz")) return true;
    const bool behind = in.literal("-");
    if (!behind && !in.literal("+")) return false;
    int hour = 0;
    int minute = 0;
    if (!in.digits(2, hour) || hour > 23) return false;
    if (!in.done()) {
        in.literal(":");
        if (!in.digits(2, minute) || minute > 59) return false;
    }
    offset = (hours(hour) + minutes(minute)) * (behind ? -1 : 1);
    return true;
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text, WallTime now) {
    text = trimmed(text);
    if (const auto date = imf_fixdate(text)) return date;
    if (const auto date = rfc850_date(text, now)) return date;
    return asctime_date(text);
}

std::optional<WallTime> parse_iso8601(std::string_view text) {
    Scanner in(trimmed(text));
    Civil out;
    const bool matched = in.digits(4, out.year) && in.literal("-") && in.digits(2, out.month) &&
                         in.literal("-") && in.digits(2, out.day) && in.one_of("Tt ") &&
                         clock_time(in, out);
    if (!matched) return std::nullopt;
    if (in.one_of(".,") && !in.fraction(out.fraction)) return std::nullopt;
    minutes offset{};
    if (!utc_offset(in, offset) || !in.done()) return std::nullopt;
    const auto local = wall_time(out);
    if (!local) return std::nullopt;
    return *local - offset;
}

std::string format_iso8601(WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<milliseconds>(time - day));
    char text[64];
    const int length = std::snprintf(
        std::begin(text),
        sizeof text,
        "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()),
        static_cast<int>(clock.subseconds().count())
    );
    return {std::begin(text), static_cast<std::size_t>(length)};
}

}  // namespace backstop::policy
