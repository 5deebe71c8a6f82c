// How APIs write "come back later": one parser for each DelayFormat. What cannot be read, is
// negative, or is absurd (over 24 h) is no delay at all: a hint never fails a response.
#pragma once

#include "policy/clock_offset.hpp"
#include "policy/dialect.hpp"
#include "policy/time.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace backstop::policy {

constexpr Duration delay_max = std::chrono::hours(24);

// A date is told by the upstream's clock, and is often cut to whole seconds.
constexpr Duration date_margin = std::chrono::seconds(1);

// For so long from now, or until a date of the upstream's clock. Durations are 0 to 24 h; dates are
// whatever was written, and are judged by delay_from().
using Delay = std::variant<Duration, WallTime>;

// A field's value or a JSON string. `now` decides the century of two-digit years only.
std::optional<Delay> parse_delay(DelayFormat format, std::string_view text, WallTime now);
// A JSON number; nothing for the formats that are text by nature.
std::optional<Delay> parse_delay(DelayFormat format, double number);

// How long to wait: a duration as it is; a date corrected by the clock offset, plus date_margin.
// Nothing if that is in the past or more than 24 h ahead.
std::optional<Duration> delay_from(const Delay& delay, const ClockOffset& clock, Moment now);

// "1h2m3.5s", "250ms": whole units, each with a number before it, added up; h, m, s, ms, us, ns.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace backstop::policy
