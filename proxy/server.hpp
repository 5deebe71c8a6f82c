// The composition root: a configuration becomes listeners, upstreams, metrics and logs on one I/O
// thread, and lives until it is told to drain.
#pragma once

#include "config/config.hpp"
#include "proxy/access_log.hpp"
#include "proxy/admin.hpp"
#include "proxy/context.hpp"
#include "proxy/line_writer.hpp"
#include "proxy/listener.hpp"
#include "proxy/metrics.hpp"
#include "proxy/upstream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <memory>
#include <string>
#include <vector>

namespace backstop::proxy {

class UpstreamMetrics;

class Server final : private Observer {
public:
    struct Options {
        Build build{};
        int log_descriptor = 1;  // standard output
        bool terminal = false;   // is it one?
        bool signals = true;     // SIGTERM and SIGINT drain; the second one exits at once
    };

    // Throws std::runtime_error if a file that the configuration names cannot be used.
    Server(config::Config config, Options options);
    ~Server() override;

    // Binds every address, or throws std::runtime_error that names the one that could not be, and
    // the remedy.
    void bind();
    // Serves until drained.
    void run();
    // From any thread: what SIGTERM does.
    void drain();

    // Where it listens, once bound: the proxy's addresses in the order of the configuration.
    std::vector<config::Address> addresses() const;
    std::vector<config::Address> admin_addresses() const { return admin_.bound(); }
    // Also from any thread while run() serves: the exposition text.
    std::string metrics();

private:
    // One upstream with everything that is bound to it.
    struct Served {
        std::shared_ptr<Upstream> upstream;
        std::unique_ptr<UpstreamMetrics> metrics;
        std::shared_ptr<Site> site;
        std::vector<std::unique_ptr<Listener>> listeners{};
    };

    void finished(const Upstream& upstream, const Report& report) override;
    void client_error(std::string_view kind) override;
    void connection_failed(
        const Upstream& upstream, const policy::Failure& failure, std::string_view trouble
    ) override;
    void bug(std::string_view what) override;

    AdminSource admin_source();
    void add(const config::Upstream& configured);
    void say_start() const;
    void wait_for_signal();
    void begin_drain();
    void look_whether_quiet();
    void stop();

    const config::Config config_;
    const Options options_;
    // One thread runs it. Others may post to it, and the resolver's does; none touches its sockets.
    asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    LineWriter lines_;
    AccessLog access_;
    Metrics metrics_;
    Context context_;
    Admin admin_;
    std::vector<Served> served_{};
    asio::signal_set signals_;
    Timer drain_timer_;
    policy::Moment started_{};
    bool up_ = false;
};

}  // namespace backstop::proxy
