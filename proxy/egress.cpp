#include "proxy/egress.hpp"

#include "config/written.hpp"

#include <cstddef>

namespace backstop::proxy {

std::string url_of(const config::EgressProxy& proxy) {
    const bool v6 = proxy.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + proxy.host + "]" : proxy.host;
    return "http://" + host + ":" + std::to_string(proxy.port);
}

std::string egress_notes(const config::Config& config) {
    std::string notes;
    for (std::size_t i = 0; i < config.upstreams.size(); ++i) {
        const config::Upstream& upstream = config.upstreams[i];
        if (!upstream.egress || !upstream.proxy.empty()) continue;
        notes.append("# ").append(config::path_of(config, i)).append(" is reached through ");
        notes.append(url_of(*upstream.egress)).append(", from HTTPS_PROXY in the environment\n");
    }
    return notes;
}

}  // namespace backstop::proxy
