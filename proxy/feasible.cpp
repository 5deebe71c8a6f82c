#include "proxy/feasible.hpp"

#include "config/written.hpp"

#include <cstddef>

namespace backstop::proxy {

namespace {

void missing(std::vector<std::string>& found, const std::string& key) {
    found.push_back(key + ": this version of backstop does not have it; leave it out");
}

}  // namespace

std::vector<std::string> infeasible(const config::Config& config) {
    std::vector<std::string> found;
    if (!config.ledger.file.empty()) missing(found, "ledger.file");
    for (std::size_t i = 0; i < config.upstreams.size(); ++i) {
        if (config.upstreams[i].pool.warm > 0)
            missing(found, config::path_of(config, i) + ".pool.warm");
    }
    return found;
}

}  // namespace backstop::proxy
