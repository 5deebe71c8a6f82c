// The composition root: a configuration becomes listeners, upstreams, metrics and logs on one I/O
// thread, gives way to the next one, and lives until it is told to drain.
#pragma once

#include "config/config.hpp"
#include "proxy/access_log.hpp"
#include "proxy/admin.hpp"
#include "proxy/context.hpp"
#include "proxy/control_answer.hpp"
#include "proxy/line_writer.hpp"
#include "proxy/metrics.hpp"
#include "proxy/reloader.hpp"
#include "proxy/repeats.hpp"
#include "proxy/serving.hpp"
#include "proxy/setup.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace backstop::proxy {

class Server final : private Observer, private Reloadable {
public:
    struct Options {
        Build build{};
        int log_descriptor = 1;  // standard output
        bool terminal = false;   // is it one?
        bool signals = true;     // SIGTERM and SIGINT drain, the second exits; SIGHUP reloads
    };

    // `loaded` from this file, with a setup.
    Server(const std::string& config_file, LoadedSetup loaded, Options options);
    ~Server() override;

    // Binds every address, or throws std::runtime_error that names the one that could not be, and
    // the remedy.
    void bind();
    // Serves until drained.
    void run();
    // From any thread: what SIGTERM does.
    void drain();

    // Where it listens, once bound: the proxy's addresses in the order of the configuration.
    std::vector<config::Address> addresses() const { return serving_.addresses(); }
    std::vector<config::Address> admin_addresses() const { return admin_.bound(); }
    // Also from any thread while run() serves: the exposition text.
    std::string metrics();

private:
    void finished(const Upstream& upstream, const Report& report) override;
    void client_error(std::string_view kind) override;
    void connection_failed(
        const Upstream& upstream, const policy::Failure& failure, std::string_view trouble
    ) override;
    void crowded(const Upstream& upstream) override;
    void bug(std::string_view what) override;

    std::vector<std::string> reload(Setup setup) override;
    void renew_credential(const std::string& upstream, const std::string& value) override;
    std::vector<CredentialSource> credentials() const override;
    void reload_ended(bool successful) override;

    struct Sockets;
    AdminSource admin_source();
    ControlTarget control_target();
    std::vector<std::string> change_to(const Setup& setup);
    Sockets bind_new(const config::ReloadPlan& plan, const config::Config& next) const;
    void change_admin(const config::ReloadPlan& plan, Sockets& sockets);
    void mind_risks() const;
    void wait_for_signal();
    void wait_for_hangup();
    void begin_drain();
    void look_whether_quiet();
    void stop();

    const Options options_;
    const std::string config_file_;
    std::unique_ptr<Setup> first_;  // until bind()
    config::Config config_{};       // in force
    // One thread runs it. Others may post to it, and a look-up's thread does; none touches its
    // sockets.
    asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    LineWriter lines_;
    AccessLog access_;
    Metrics metrics_;
    Context context_;
    Serving serving_;
    Admin admin_;
    Admin control_;
    Reloader reloader_;
    asio::signal_set signals_;
    asio::signal_set hangup_;
    Timer drain_timer_;
    policy::Moment started_{};
    std::map<std::string, Repeats, std::less<>> connect_troubles_{};  // by upstream
    bool up_ = false;
    bool signalled_ = false;  // the next SIGTERM is the second one
};

}  // namespace backstop::proxy
