// The text of one access line. Appends only; `out` is reused from line to line.
#pragma once

#include "proxy/report.hpp"

#include <string>
#include <string_view>

namespace backstop::proxy {

// One JSON object and a newline. The fields are those of docs/LOGS.md; those that have nothing
// to say are left out.
void append_access_json(std::string& out, std::string_view upstream, const Report& report);

// The same for a person at a terminal, on one line, shorter.
void append_access_text(std::string& out, std::string_view upstream, const Report& report);

}  // namespace backstop::proxy
