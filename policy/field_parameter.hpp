// Parameters of structured fields (RFC 9651), as far as rate limits need them: the IETF draft's
// RateLimit and RateLimit-Policy, in its later form, `"burst";r=0;t=5, "daily";r=900;t=3600`, and
// in its earlier one, `limit=100, remaining=0, reset=5`. Read leniently: what does not fit is
// skipped.
#pragma once

#include <optional>
#include <string_view>

namespace backstop::policy {

// The name of the window with the least remaining (`r`), or empty if the field names none.
std::string_view tightest_window(std::string_view field);

// The value, without quotes, under the dictionary key `parameter`; else of that parameter of the
// member named `window`; else of the first member that has it. Names are case-sensitive.
std::optional<std::string_view> find_parameter(
    std::string_view field, std::string_view parameter, std::string_view window = {}
);

}  // namespace backstop::policy
