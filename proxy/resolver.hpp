// The addresses of one upstream's host: looked up off the I/O thread, one look-up at a time, kept
// for a time, and the last good answer kept for as long as looking up fails or takes too long.
#pragma once

#include "config/config.hpp"
#include "proxy/async.hpp"
#include "proxy/lookup.hpp"
#include "proxy/signal.hpp"

#include <memory>
#include <string>
#include <vector>

namespace backstop::proxy {

class Resolver {
public:
    Resolver(Executor executor, const config::Target& target, policy::Duration ttl);

    // What to connect to, or nothing yet: then `waiter` is woken when there is news, unless it
    // forget()s itself before. IPv6 and IPv4 take turns (RFC 8305 4).
    const std::vector<Endpoint>* lookup(Wakeable& waiter);
    // Who waits asks again at this time: then an old answer will do, if there is one.
    policy::Instant late_at() const;
    void forget(Wakeable& waiter);
    // The reason why lookup() has nothing, once it has been tried; none while it has an old answer.
    error_code error() const { return error_; }
    // None of the addresses could be connected to: look again before the next use.
    void doubt();

private:
    void refresh();
    void finished(error_code ec, const TcpEndpoints& found);
    bool fresh() const;
    bool usable() const;

    Executor executor_;
    std::string host_;
    std::string port_;
    policy::Duration ttl_;
    std::vector<Endpoint> endpoints_{};
    std::vector<Wakeable*> waiters_{};
    policy::Instant looked_up_{};  // the last time that it ended, or was found to fail
    policy::Instant asked_{};      // when the last look-up began
    error_code error_{};
    bool fixed_ = false;  // an IP address or a Unix socket: nothing to look up
    bool busy_ = false;
    bool doubted_ = false;
    // An answer can be on its way when this is destroyed.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace backstop::proxy
