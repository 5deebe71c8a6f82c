// Addresses to listen on, as a user writes them.
#pragma once

#include "config/config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

// "127.0.0.1:8080" "[::1]:8080" "0.0.0.0:8080" "unix:/run/backstop/api.sock", and "localhost:8080",
// which is both loopback addresses, since clients mean either. Port 0 is any free port.
struct ParsedAddress {
    std::vector<Address> addresses{};  // empty if there is a problem
    std::string problem{};             // fit for a user, without the text itself
};
ParsedAddress parse_address(std::string_view text);

// Would binding the one prevent binding the other? "0.0.0.0" takes every IPv4 address of its port,
// "[::]" every IPv6 one (and no IPv4: listeners are opened for IPv6 only).
bool overlap(const Address& left, const Address& right);

}  // namespace backstop::config
