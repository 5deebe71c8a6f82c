// How values are written into log lines.
#pragma once

#include "policy/time.hpp"

#include <string>
#include <string_view>

namespace backstop::proxy {

// `text` as a JSON string, quotes included. What is not UTF-8 loses its non-ASCII bytes, so that a
// line is always JSON.
void append_json(std::string& out, std::string_view text);

// "2026-02-08T12:01:00.123Z": RFC 3339 in UTC with milliseconds.
void append_time(std::string& out, policy::WallTime time);

}  // namespace backstop::proxy
