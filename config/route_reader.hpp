// A route as dialect and config files write it: [[route]] and [[upstream.route]] have the same
// keys.
#pragma once

#include "config/reader.hpp"
#include "policy/dialect.hpp"
#include "policy/route.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace backstop::config {

// "POST /v1/calls/{id}", or "/v1/calls/{id}" for any method.
struct Match {
    std::string method{};  // empty: any
    policy::PathTemplate path{};
};
struct ParsedMatch {
    Match match{};
    std::string problem{};  // fit for a user; empty if all is well
};
ParsedMatch parse_match(std::string_view text);
std::string to_string(const Match& match);

// Do they match the same requests? The names of variable segments do not matter.
bool same(const Match& left, const Match& right);
// Does the first match every request that the second one matches?
bool covers(const Match& first, const Match& second);

// What matches after `base_path` has been taken off, as it is off the client's path.
Match without_base_path(const Match& match, std::string_view base_path);

// Reads one route with all its mistakes; `match` is checked too. Nothing if `match` is missing or
// wrong.
struct ReadRoute {
    Match match{};
    policy::RouteShape shape{};
};
std::optional<ReadRoute> read_route(Reader& reader);

// A JSON document with places, checked (policy/json_template.hpp).
void read_template(Reader& reader, std::string_view key, policy::JsonTemplate& value);

}  // namespace backstop::config
