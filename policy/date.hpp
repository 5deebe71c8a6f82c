// Dates as HTTP and JSON write them. Years 1970 to 2199; anything else is no date of an API.
#pragma once

#include "policy/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace backstop::policy {

// HTTP-date in its three forms (RFC 9110 5.6.7): IMF-fixdate, rfc850-date and asctime-date. A
// two-digit year that would be more than 50 years after `now` is of the century before.
std::optional<WallTime> parse_http_date(std::string_view text, WallTime now);

// The profile of ISO 8601 that RFC 3339 describes: 2026-02-08T12:01:00.000Z. The fraction is
// optional and of any length, the separator may be a space, the offset may be written +05:30,
// +0530 or +05. Without an offset the time is UTC.
std::optional<WallTime> parse_iso8601(std::string_view text);

// 2026-02-08T12:01:00.000Z
std::string format_iso8601(WallTime time);

}  // namespace backstop::policy
