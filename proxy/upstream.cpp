#include "proxy/upstream.hpp"

namespace backstop::proxy {

namespace {

// What is really connected to: the upstream, or the egress proxy in front of it.
config::Target first_hop(const config::Upstream& configured) {
    if (!configured.egress) return configured.target;
    config::Target proxy;
    proxy.tls = false;
    proxy.host = configured.egress->host;
    proxy.port = configured.egress->port;
    return proxy;
}

}  // namespace

Upstream::Upstream(Executor executor, Deadlines& deadlines, config::Upstream configured)
    : config(std::move(configured)),
      standing(config.rules),
      resolver(executor, first_hop(config), config.dns_ttl),
      tls(config.target.tls ? std::make_shared<TlsContext>(config.tls, config.target.host) : nullptr
      ),
      pool(deadlines, config.pool) {}

DialTo Upstream::dial_to() {
    DialTo to{resolver, tls, config.timeout};
    if (config.egress) to.connect_request = connect_request(*config.egress, config.target);
    return to;
}

}  // namespace backstop::proxy
