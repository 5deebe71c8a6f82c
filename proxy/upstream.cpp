#include "proxy/upstream.hpp"

namespace backstop::proxy {

Upstream::Upstream(Executor executor, Deadlines& deadlines, config::Upstream configured)
    : config(std::move(configured)),
      standing(config.rules),
      resolver(executor, config.target, config.dns_ttl),
      tls(config.target.tls ? std::make_shared<TlsContext>(config.tls, config.target.host) : nullptr
      ),
      pool(deadlines, config.pool) {}

}  // namespace backstop::proxy
