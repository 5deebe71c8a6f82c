// What is served: the upstreams of the configuration in force, and the sockets that clients come
// to. A reload changes it as a whole, between two requests.
#pragma once

#include "config/reload_plan.hpp"
#include "proxy/acceptor.hpp"
#include "proxy/context.hpp"
#include "proxy/listener.hpp"
#include "proxy/metrics.hpp"
#include "proxy/setup.hpp"
#include "proxy/upstream.hpp"

#include <memory>
#include <string>
#include <vector>

namespace backstop::proxy {

class Serving {
public:
    Serving(Context& context, Metrics& metrics) : context_(context), metrics_(metrics) {}

    // Puts `setup` in force as `plan` says, and cannot fail. `sockets`: the new ones, in the order
    // in which the plan asks for them.
    void change(const config::ReloadPlan& plan, const Setup& setup, std::vector<Bound> sockets);

    void renew_credential(const std::string& upstream, const std::string& value);
    void resume();         // there may be room for clients
    void wake_sleepers();  // those of upstreams that are gone too
    void stop();           // no client and no idle connection from here on

    std::vector<config::Address> addresses() const;

private:
    using Upstreams = std::vector<std::shared_ptr<Upstream>>;
    using Listeners = std::vector<std::unique_ptr<Listener>>;

    Upstreams next_upstreams(const config::ReloadPlan& plan, const Setup& setup) const;
    void leave(const Upstreams& upstreams);
    static void say_listening(const Listener& listener, const config::Upstream& upstream);

    Context& context_;
    Metrics& metrics_;
    Upstreams upstreams_{};  // as in the configuration
    Listeners listeners_{};  // as in config::all_listen()
    // Replaced or removed; alive for as long as an exchange is under way.
    std::vector<std::weak_ptr<Upstream>> leaving_{};
};

}  // namespace backstop::proxy
