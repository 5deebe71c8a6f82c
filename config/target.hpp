// Where an upstream is, and through which egress proxy it is reached.
#pragma once

#include "config/config.hpp"

#include <string>
#include <string_view>

namespace backstop::config {

// "https://api.example.com/v1", "http://127.0.0.1:9000", "unix:/run/api.sock".
struct ParsedTarget {
    Target target{};
    std::string problem{};  // fit for a user, without the text itself; empty if all is well
};
ParsedTarget parse_target(std::string_view text);

// "http://user:password@proxy:3128".
struct ParsedProxy {
    EgressProxy proxy{};
    std::string problem{};
};
ParsedProxy parse_proxy(std::string_view text);

// Does NO_PROXY except this host? A comma-separated list: "*", names (with everything below them,
// with or without a leading dot), IP addresses; each perhaps with a port. Loopback is always
// excepted: what runs beside us is not beyond the egress.
bool excepted_from_proxy(std::string_view no_proxy, const Target& target);

// The URL with its userinfo made unreadable; works on anything, URL or not.
std::string redact_userinfo(std::string_view url);

}  // namespace backstop::config
