// Where values stand in a response, as dialect files write it: "/error/code" is a JSON Pointer into
// the body, "Retry-After" a header, "RateLimit;r" a parameter of a structured header.
#pragma once

#include "config/reader.hpp"
#include "policy/dialect.hpp"

#include <string_view>
#include <vector>

namespace backstop::config {

// RFC 6901, but for the empty pointer, which is the whole document.
bool is_json_pointer(std::string_view text);

// One source, or an array of them in the order of trying.
void read_sources(Reader& reader, std::string_view key, std::vector<policy::Source>& sources);

// `from` and `as` of a [[delay]] or of a limit's reset; `status` only where it is asked for.
policy::DelaySource read_delay(Reader& reader, bool with_status);

// One status, a class such as "5xx", or an array of such.
void read_statuses(Reader& reader, std::string_view key, policy::StatusSet& statuses);

}  // namespace backstop::config
