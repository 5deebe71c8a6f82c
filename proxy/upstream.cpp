#include "proxy/upstream.hpp"

#include "proxy/log.hpp"
#include "proxy/metrics.hpp"
#include "proxy/upstream_metrics.hpp"

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

// What several share is told by the first that is asked, for as long as it lives.
bool tells(const Upstream*& teller, const Upstream* asked) {
    if (teller == nullptr) teller = asked;
    return teller == asked;
}

}  // namespace

Upstream::Reach::Reach(
    Executor executor,
    Deadlines& deadlines,
    const config::Upstream& configured,
    std::shared_ptr<TlsContext> context
)
    : resolver(executor, first_hop(configured), configured.dns_ttl),
      tls(std::move(context)),
      pool(deadlines, configured.pool) {}

Upstream::Upstream(
    Context& context,
    Metrics& metrics,
    config::Upstream configured,
    const Material& material,
    Legacy legacy
)
    : config(std::move(configured)),
      legacy_(std::move(legacy)),
      metrics_(metrics.upstream(config.rules)) {
    if (legacy_.live) {
        legacy_.live->standing.reconfigure(config.rules);
    } else {
        legacy_.live = std::make_shared<Live>(config.rules);
    }
    if (!legacy_.reach) {
        legacy_.reach =
            std::make_shared<Reach>(context.executor, context.deadlines, config, material.tls);
    }
    if (material.credential.empty()) {
        legacy_.credential = nullptr;
    } else if (legacy_.credential) {
        renew_credential(material.credential);
    } else {
        legacy_.credential = std::make_shared<Credential>(material.credential);
    }
    if (config.target.tls) {
        const bool skip = config.tls.insecure_skip_verify;
        metrics_->set_tls(skip ? TlsUse::not_verified : TlsUse::verified);
    }
    metrics_->set_standing(&legacy_.live->standing);
    metrics_->set_live([this, &context] {
        LiveNumbers numbers;
        if (tells(legacy_.reach->teller, this)) {
            const Pool& pool = legacy_.reach->pool;
            numbers.connections_idle = pool.idle();
            numbers.connections_busy = pool.open() - pool.idle();
            numbers.waiting = pool.waiting();
        }
        if (tells(legacy_.live->teller, this)) numbers.in_flight = legacy_.live->in_flight;
        numbers.buffer_bytes = context.replay.used;
        return numbers;
    });
}

Upstream::~Upstream() {
    if (legacy_.live->teller == this) legacy_.live->teller = nullptr;
    if (legacy_.reach->teller == this) legacy_.reach->teller = nullptr;
}

void Upstream::renew_credential(const std::string& value) {
    if (!legacy_.credential || !legacy_.credential->renew(value)) return;
    log::info("a new key is in use", {{"upstream", config.name}});
}

DialTo Upstream::dial_to() {
    DialTo to{legacy_.reach->resolver, legacy_.reach->tls, config.timeout};
    if (config.egress) to.connect_request = connect_request(*config.egress, config.target);
    return to;
}

}  // namespace backstop::proxy
