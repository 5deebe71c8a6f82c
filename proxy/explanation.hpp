// An Explanation for a person and for a machine. Nothing is decided or computed here.
#pragma once

#include "policy/explain.hpp"

#include <string>
#include <string_view>

namespace backstop::proxy {

// What follows, in a few words: "retry after 2.1 s", "pass on the answer", "answer 200 …".
std::string conclusion(const policy::Explanation& it);

// "1.5 s", to the microsecond.
std::string in_seconds(policy::Duration duration);

std::string to_text(
    const policy::Rules& rules, const policy::Situation& situation, const policy::Explanation& it
);

// One JSON object and a newline; durations in milliseconds, as in access lines.
std::string to_json(
    const policy::Rules& rules, const policy::Situation& situation, const policy::Explanation& it
);

}  // namespace backstop::proxy
