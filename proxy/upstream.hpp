// One upstream as it lives: its configuration, where we stand with it, and its connections. The
// configuration of an Upstream never changes: a reload makes another one, which takes over what
// still holds, and exchanges under way keep theirs.
#pragma once

#include "config/config.hpp"
#include "policy/standing.hpp"
#include "proxy/context.hpp"
#include "proxy/credential.hpp"
#include "proxy/dial.hpp"
#include "proxy/pool.hpp"
#include "proxy/resolver.hpp"
#include "proxy/setup.hpp"
#include "proxy/tls.hpp"

#include <memory>
#include <vector>

namespace backstop::proxy {

class Metrics;
class UpstreamMetrics;

class Upstream {
public:
    // Where we stand with the API, and who is concerned: goes on for as long as it is the same API.
    struct Live {
        explicit Live(const policy::Rules& rules) : standing(rules) {}
        policy::Standing standing;
        int in_flight = 0;  // exchanges
        std::vector<Signal*> sleepers{};
        const Upstream* teller = nullptr;  // of those that share it, for the gauges
    };
    // How it is reached: goes on for as long as that is the same.
    struct Reach {
        Reach(
            Executor executor,
            Deadlines& deadlines,
            const config::Upstream& configured,
            std::shared_ptr<TlsContext> context
        );
        Resolver resolver;
        std::shared_ptr<TlsContext> tls;  // null: plain
        Pool pool;
        const Upstream* teller = nullptr;
    };
    // What another Upstream can take over; null where there is nothing to.
    struct Legacy {
        std::shared_ptr<Live> live{};
        std::shared_ptr<Reach> reach{};
        std::shared_ptr<Credential> credential{};
    };

    // A Standing that is taken over follows the new rules from here on.
    Upstream(
        Context& context,
        Metrics& metrics,
        config::Upstream configured,
        const Material& material,
        Legacy legacy
    );
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    const config::Upstream config;

    const policy::Rules& rules() const { return config.rules; }
    policy::Standing& standing() { return legacy_.live->standing; }
    Pool& pool() { return legacy_.reach->pool; }
    // The key to add; null: the client's own goes through.
    const Credential* credential() const { return legacy_.credential.get(); }
    // The key has been read again.
    void renew_credential(const std::string& value);
    UpstreamMetrics& metrics() const { return *metrics_; }
    const Legacy& legacy() const { return legacy_; }
    DialTo dial_to();

    void exchange_begun() { ++legacy_.live->in_flight; }
    void exchange_ended() { --legacy_.live->in_flight; }
    // Exchanges in a wait: woken when the gate opens early, or the process drains.
    void sleeps(Signal& sleeper) { legacy_.live->sleepers.push_back(&sleeper); }
    void woke(Signal& sleeper) { std::erase(legacy_.live->sleepers, &sleeper); }
    void wake_sleepers() {
        for (Signal* sleeper : legacy_.live->sleepers)
            sleeper->wake_later();
    }

private:
    Legacy legacy_;  // all of it is there that there is
    std::unique_ptr<UpstreamMetrics> metrics_;
};

}  // namespace backstop::proxy
