// The state of everything as JSON: what /status answers and, later, the page shows.
#pragma once

#include "policy/time.hpp"
#include "proxy/metrics.hpp"

#include <span>
#include <string>

namespace backstop::proxy {

struct StatusInput {
    const Build& build;
    policy::WallTime started{};
    bool ready = false;
    bool draining = false;
    std::span<const UpstreamMetrics* const> upstreams{};
};

// One object; ends with a newline. Credentials and addresses of clients are not in it.
std::string status_json(const StatusInput& input, policy::Moment now);

}  // namespace backstop::proxy
