// One upstream as it lives: its configuration, where we stand with it, and its connections.
#pragma once

#include "config/config.hpp"
#include "policy/standing.hpp"
#include "proxy/dial.hpp"
#include "proxy/pool.hpp"
#include "proxy/resolver.hpp"
#include "proxy/tls.hpp"

#include <memory>
#include <vector>

namespace backstop::proxy {

class UpstreamMetrics;

class Upstream {
public:
    // Throws std::runtime_error if a file of its TLS section cannot be used.
    Upstream(Executor executor, Deadlines& deadlines, config::Upstream configured);

    const config::Upstream config;
    policy::Standing standing;
    Resolver resolver;
    std::shared_ptr<TlsContext> tls;  // null: plain
    Pool pool;
    UpstreamMetrics* metrics = nullptr;
    int in_flight = 0;
    int waiting = 0;  // exchanges in a wait: backoff, gate, pace

    const policy::Rules& rules() const { return config.rules; }
    DialTo dial_to();

    // Exchanges that wait for the gate: woken when it opens early.
    void sleeps(Signal& sleeper) { sleepers_.push_back(&sleeper); }
    void woke(Signal& sleeper) { std::erase(sleepers_, &sleeper); }
    void wake_sleepers() {
        for (Signal* sleeper : sleepers_)
            sleeper->wake_later();
    }

private:
    std::vector<Signal*> sleepers_{};
};

}  // namespace backstop::proxy
