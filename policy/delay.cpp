#include "policy/delay.hpp"

#include "policy/date.hpp"
#include "policy/number.hpp"

#include <array>
#include <chrono>
#include <cmath>

namespace backstop::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// From here on a number of seconds is a date (2001-09-09 and later), and a number a thousand times
// as large is one in milliseconds: as delays both would be absurd, so nothing is lost by reading
// X-RateLimit-Reset either way.
constexpr double epoch_seconds_min = 1e9;
constexpr double epoch_milliseconds_min = 1e12;

// Later dates do not fit a WallTime. 2199 is the year where date.hpp ends, too.
constexpr double epoch_seconds_max = 7258118400;

// `count` times `unit`; rounded up, so that no wait ends early.
std::optional<Delay> relative(double count, Duration unit) {
    const double nanoseconds = std::ceil(count * static_cast<double>(unit.count()));
    if (!(nanoseconds >= 0) || nanoseconds > static_cast<double>(delay_max.count()))
        return std::nullopt;
    return Duration(static_cast<Duration::rep>(nanoseconds));
}

std::optional<Delay> epoch(double count_of_seconds) {
    if (!(count_of_seconds >= 0) || count_of_seconds > epoch_seconds_max) return std::nullopt;
    // Whole milliseconds: a double of this size has no truth beyond them.
    const auto whole = static_cast<milliseconds::rep>(std::ceil(count_of_seconds * 1000));
    return WallTime(milliseconds(whole));
}

std::optional<Delay> automatic(double number) {
    if (number >= epoch_milliseconds_min) return epoch(number / 1000);
    if (number >= epoch_seconds_min) return epoch(number);
    return relative(number, seconds(1));
}

std::optional<Delay> any_of_the_texts(std::string_view text, WallTime now) {
    if (const auto date = parse_iso8601(text)) return *date;
    if (const auto date = parse_http_date(text, now)) return *date;
    if (const auto duration = parse_duration(text)) return *duration;
    return std::nullopt;
}

template <typename Value>
std::optional<Delay> as_delay(const std::optional<Value>& value) {
    if (!value) return std::nullopt;
    return Delay(*value);
}

struct Unit {
    std::string_view name;
    Duration length;
};
// "ms" stands before "m", or it would be taken for minutes.
constexpr std::array<Unit, 7> units{{
    {"ms", milliseconds(1)},
    {"us", std::chrono::microseconds(1)},
    {"\xC2\xB5s", std::chrono::microseconds(1)},
    {"ns", std::chrono::nanoseconds(1)},
    {"h", std::chrono::hours(1)},
    {"m", std::chrono::minutes(1)},
    {"s", seconds(1)},
}};

// Takes a unit off the front; zero if there is none.
Duration take_unit(std::string_view& text) {
    for (const Unit& unit : units) {
        if (!text.starts_with(unit.name)) continue;
        text.remove_prefix(unit.name.size());
        return unit.length;
    }
    return {};
}

}  // namespace

std::optional<Delay> parse_delay(DelayFormat format, std::string_view text, WallTime now) {
    text = trimmed(text);
    if (const auto number = decimal(text)) return parse_delay(format, *number);
    switch (format) {
        case DelayFormat::seconds_or_date:
        case DelayFormat::http_date:
            return as_delay(parse_http_date(text, now));
        case DelayFormat::iso8601:
            return as_delay(parse_iso8601(text));
        case DelayFormat::duration:
            return as_delay(parse_duration(text));
        case DelayFormat::automatic:
            return any_of_the_texts(text, now);
        case DelayFormat::seconds:
        case DelayFormat::milliseconds:
        case DelayFormat::epoch_seconds:
        case DelayFormat::epoch_milliseconds:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<Delay> parse_delay(DelayFormat format, double number) {
    switch (format) {
        case DelayFormat::seconds:
        case DelayFormat::seconds_or_date:
            return relative(number, seconds(1));
        case DelayFormat::milliseconds:
            return relative(number, milliseconds(1));
        case DelayFormat::epoch_seconds:
            return epoch(number);
        case DelayFormat::epoch_milliseconds:
            return epoch(number / 1000);
        case DelayFormat::automatic:
            return automatic(number);
        case DelayFormat::http_date:
        case DelayFormat::iso8601:
        case DelayFormat::duration:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<Duration> delay_from(const Delay& delay, const ClockOffset& clock, Moment now) {
    if (const auto* duration = std::get_if<Duration>(&delay)) return *duration;
    const WallTime date = std::get<WallTime>(delay);
    const Duration wait = clock.to_ours(date) - now.wall + date_margin;
    if (wait < Duration::zero() || wait > delay_max) return std::nullopt;
    return wait;
}

std::optional<Duration> parse_duration(std::string_view text) {
    text = trimmed(text);
    if (text.empty()) return std::nullopt;
    Duration sum{};
    while (!text.empty()) {
        const auto end = text.find_first_not_of("0123456789.");
        if (end == std::string_view::npos) return std::nullopt;
        const auto number = decimal(text.substr(0, end));
        text.remove_prefix(end);
        const Duration unit = take_unit(text);
        if (!number || unit == Duration::zero()) return std::nullopt;
        const auto part = relative(*number, unit);
        if (!part) return std::nullopt;
        sum += std::get<Duration>(*part);
        if (sum > delay_max) return std::nullopt;
    }
    return sum;
}

}  // namespace backstop::policy
