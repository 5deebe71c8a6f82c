// What a reload changes: which upstreams go on and with what of theirs, and which listening sockets
// stay, move, come and go. Only decided here, from two configurations; proxy/serving.cpp and
// proxy/server.cpp carry it out. The start of the process is a reload of the empty configuration.
#pragma once

#include "config/config.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace backstop::config {

// Addresses of one admin socket or of all: those of `after` that are not open yet, and those of
// `before` that are not needed any more.
struct AddressChange {
    std::vector<Address> open{};
    std::vector<Address> close{};
};

struct ReloadPlan {
    // What an upstream takes over from the one that had its name.
    struct Upstream {
        std::optional<std::size_t> before{};  // its place in the old configuration; nothing: new
        // Breaker, retry budget, gates, limits, quota, clock: where it is the same API at the same
        // place, whatever else has changed.
        bool keeps_standing = false;
        // Connections, addresses, TLS sessions: where it is reached in the same way.
        bool keeps_connections = false;
        // The key read last, and those who use it: where the same file goes into the same header.
        bool keeps_credential = false;
    };

    std::vector<Upstream> upstreams{};   // as in the new configuration
    std::vector<std::size_t> removed{};  // places in the old one

    // For each address of the new upstreams, in the order of all_listen(): the place of the open
    // socket among those of the old ones, or nothing: it is to be bound. An open socket that is
    // named by nobody is to be closed.
    std::vector<std::optional<std::size_t>> sockets{};
    AddressChange admin{};
    AddressChange control{};

    // Why it cannot be done while the process runs, one sentence each, with the key and the remedy.
    // If there is one, nothing may be done.
    std::vector<std::string> refused{};
};

// An address, and the upstream (its place) that listens on it.
struct Listen {
    Address address{};
    std::size_t upstream = 0;
};
// In the order of the upstreams and of their `listen`.
std::vector<Listen> all_listen(const Config& config);

// Upstreams are the same if they have the same name. A socket is the same if it has the same
// address; with port 0, if it belongs to the same upstream too.
ReloadPlan plan_reload(const Config& before, const Config& after);

}  // namespace backstop::config
