// The addresses of one upstream's host: looked up off the I/O thread (Asio's resolver has a thread
// of its own), kept for a time, and the last good answer kept while looking up fails.
#pragma once

#include "config/config.hpp"
#include "proxy/async.hpp"
#include "proxy/signal.hpp"

#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>

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
    void forget(Wakeable& waiter);
    // The reason why lookup() has nothing, once it has been tried.
    error_code error() const { return error_; }
    // None of the addresses could be connected to: look again before the next use.
    void doubt();

private:
    using Tcp = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

    void refresh();
    void finished(error_code ec, const Tcp::results_type& results);
    bool fresh() const;

    Tcp resolver_;
    std::string host_;
    std::string port_;
    policy::Duration ttl_;
    std::vector<Endpoint> endpoints_{};
    std::vector<Wakeable*> waiters_{};
    policy::Instant looked_up_{};
    error_code error_{};
    bool fixed_ = false;  // an IP address or a Unix socket: nothing to look up
    bool busy_ = false;
    bool doubted_ = false;
    // An answer can be on its way when this is destroyed.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace backstop::proxy
