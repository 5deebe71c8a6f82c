#pragma once

// The bodies that Sticky Calls takes, checked as its guide shows: all that is wrong at once, each
// with the path of the field. A null counts as missing, since a caller whose start failed has no
// customer_ref to give.

#include "tests/simulator/caller_memory.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

struct Issue {
    std::vector<std::string> path{};
    std::string message{};
};

struct StartBody {
    std::string call_id{};
    IdentityHints hints{};
};

struct EndBody {
    std::string call_id{};
    IdentityHints hints{};  // customer_ref among them
    std::string intent{};
    std::string intent_status = "open";
    boost::json::object variables{};
};

// Where `issues` is not empty, the body is not to be used.
StartBody read_start(std::string_view text, std::vector<Issue>& issues);
EndBody read_end(std::string_view text, std::vector<Issue>& issues);

}  // namespace simulator
