// What backstop does, as a table for docs/DECISIONS.md: for each built-in dialect the usual
// statuses, kinds of request and attempts.
#pragma once

#include <string>

namespace backstop::proxy {

// Markdown, the whole file.
std::string decision_table();

}  // namespace backstop::proxy
