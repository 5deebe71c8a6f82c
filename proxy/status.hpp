// The state of everything: what /status answers as JSON, and the page at / as HTML.
#pragma once

#include "policy/time.hpp"
#include "proxy/metrics.hpp"
#include "proxy/reload_state.hpp"

#include <boost/json/fwd.hpp>

#include <span>
#include <string>

namespace backstop::proxy {

struct StatusInput {
    const Build& build;
    policy::WallTime started{};
    bool ready = false;
    bool draining = false;
    const ReloadState* reload = nullptr;  // null: not told
    std::span<const UpstreamMetrics* const> upstreams{};
    const Recent* recent = nullptr;  // without it the last minutes are left out
};

// Credentials and addresses of clients are not in it.
boost::json::object status_object(const StatusInput& input, policy::Moment now);
// The same as text, with a newline at its end.
std::string status_json(const StatusInput& input, policy::Moment now);

}  // namespace backstop::proxy
