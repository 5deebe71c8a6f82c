// The way back from an access line (access_line.hpp) to what it tells.
#pragma once

#include "policy/replay.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace backstop::proxy {

struct AccessLine {
    std::string time{};  // as it stands there; with upstream and route it names the line to people
    std::string upstream{};
    std::string route{};
    policy::LoggedExchange exchange{};
};

// Nothing if it is another line of backstop's log. Throws std::invalid_argument, which names the
// field, for what is no JSON object, and for an access line in which something is missing.
std::optional<AccessLine> read_access_line(std::string_view line);

}  // namespace backstop::proxy
