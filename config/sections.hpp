// Every key of the sections that are plain tables, with its bounds: the schema of the file.
#pragma once

#include "config/config.hpp"
#include "config/fields.hpp"

namespace backstop::config {

// [log], [limits], [shutdown], [ledger]. [admin] and the rest of [[upstream]] hold addresses and
// URLs, and are in load.cpp.
void describe_top_level(Fields& fields, Config& config);

// [upstream.timeout] to [upstream.credential]. Deadline, attempt and attempts are those of
// `rules.other`, from which routes take theirs.
void describe_upstream(Fields& fields, Upstream& upstream);

// The longest that anything may be told to take.
inline constexpr policy::Duration longest_wait = std::chrono::hours(24);

}  // namespace backstop::config
