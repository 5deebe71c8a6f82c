// The way back from an access line (access_line.hpp) to what it tells.
#pragma once

#include "policy/replay.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace backstop::proxy {

struct AccessLine {
    std::string time{};  // as it stands there; with upstream and route it names the line to people
    std::string upstream{};
    std::string route{};
    policy::LoggedExchange exchange{};
};

// A line of somebody else's: of standard error, or one that was cut.
struct NoObject : std::invalid_argument {
    using invalid_argument::invalid_argument;
};

// Nothing if it is another line of backstop's log. Throws NoObject for what is no JSON object, and
// another std::invalid_argument, which names the field, for an access line in which something is
// missing.
std::optional<AccessLine> read_access_line(std::string_view line);

}  // namespace backstop::proxy
