#include "proxy/feasible.hpp"

#include "proxy/tls.hpp"

#include <stdexcept>

namespace backstop::proxy {

namespace {

void missing(std::vector<std::string>& found, const std::string& key) {
    found.push_back(key + ": this version of backstop does not have it; leave it out");
}

void look_at(const config::Upstream& upstream, std::vector<std::string>& found) {
    const std::string path = "upstream." + upstream.name + ".";
    if (!upstream.credential.file.empty()) missing(found, path + "credential.file");
    if (upstream.pool.warm > 0) missing(found, path + "pool.warm");
    if (!upstream.target.tls) return;
    try {
        const TlsContext tried(upstream.tls, upstream.target.host);
    } catch (const std::runtime_error& error) {
        found.push_back(path + error.what());
    }
}

}  // namespace

std::vector<std::string> infeasible(const config::Config& config) {
    std::vector<std::string> found;
    if (config.admin.control) missing(found, "admin.control");
    if (!config.ledger.file.empty()) missing(found, "ledger.file");
    for (const config::Upstream& upstream : config.upstreams)
        look_at(upstream, found);
    return found;
}

}  // namespace backstop::proxy
