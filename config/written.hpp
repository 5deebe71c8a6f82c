// Which values came from ${}, so that they are never printed.
#pragma once

#include "config/config.hpp"
#include "config/document.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace backstop::config {

// Adds every key below `table` whose value held ${}, under its path from there ("tls.ca_file"). An
// array or a fallback with ${} anywhere in it is kept as a whole.
void collect_written(const Node& table, const std::string& prefix, Written& written);

// The part of a path that stands for a route: its place in the file means nothing once the routes
// of the dialect have joined in, and neither does what it calls its variable segments.
std::string route_prefix(std::string_view match);

// What messages call an upstream: "upstream.acme", and by its place ("upstream[1]") where its name
// came from ${}.
std::string path_of(const Config& config, std::size_t upstream);
// What messages call its value of `key` ("tls.ca_file"): what stands in the file where that holds
// ${}, else `value`.
std::string shown(const Upstream& upstream, const std::string& key, const std::string& value);

// A text as TOML: quoted and escaped. In a literal one a "${" is written so that it stays.
std::string toml_text(std::string_view text);
std::string toml_literal(std::string_view text);
// A value as TOML on one line, with ${} as it was written.
std::string toml_value(const Node& node);

}  // namespace backstop::config
