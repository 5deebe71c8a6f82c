#include "proxy/feasible.hpp"

namespace backstop::proxy {

namespace {

void missing(std::vector<std::string>& found, const std::string& key) {
    found.push_back(key + ": this version of backstop does not have it; leave it out");
}

}  // namespace

std::vector<std::string> infeasible(const config::Config& config) {
    std::vector<std::string> found;
    if (!config.ledger.file.empty()) missing(found, "ledger.file");
    for (const config::Upstream& upstream : config.upstreams) {
        if (upstream.pool.warm > 0) missing(found, "upstream." + upstream.name + ".pool.warm");
    }
    return found;
}

}  // namespace backstop::proxy
