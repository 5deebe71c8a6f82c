#include "proxy/server.hpp"

#include "proxy/credential.hpp"
#include "proxy/log.hpp"
#include "proxy/status.hpp"
#include "proxy/status_page.hpp"
#include "proxy/upstream_metrics.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <string_view>
#include <sys/resource.h>
#include <utility>

namespace backstop::proxy {

namespace {

// How often a draining server looks whether it has become quiet.
constexpr policy::Duration drain_tick = std::chrono::milliseconds(100);
// Descriptors that are needed beside the clients' and the upstreams'.
constexpr int spare_descriptors = 64;

// Fewer clients than configured where the descriptor limit would not do.
config::Limits fitting(config::Limits limits, const config::Config& config) {
    int upstream_connections = 0;
    for (const config::Upstream& upstream : config.upstreams) {
        upstream_connections += upstream.pool.connections;
    }
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
    const int wanted = limits.client_connections + upstream_connections + spare_descriptors;
    if (files.rlim_cur >= static_cast<rlim_t>(wanted)) return limits;
    files.rlim_cur = std::min(files.rlim_max, static_cast<rlim_t>(wanted));
    setrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_NOFILE, &files);
    const int left = static_cast<int>(files.rlim_cur) - upstream_connections - spare_descriptors;
    if (left < limits.client_connections) limits.client_connections = std::max(left, 16);
    return limits;
}

void warn_of_few(const config::Limits& fitted, const config::Limits& configured) {
    rlimit files{};
    if (fitted.client_connections >= configured.client_connections) return;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    log::warn(
        "fewer client connections than configured, for lack of file descriptors; raise the limit "
        "of open files, or lower limits.client_connections",
        {{"limit", fitted.client_connections},
         {"configured", configured.client_connections},
         {"descriptors", static_cast<std::int64_t>(files.rlim_cur)}}
    );
}

}  // namespace

// Sockets that are bound but not yet in use.
struct Server::Sockets {
    std::vector<Bound> proxy{};  // in the order of the plan
    std::vector<Bound> admin{};
    std::vector<Bound> control{};
};

Server::Server(const std::string& config_file, LoadedSetup loaded, Options options)
    : options_(std::move(options)),
      config_file_(config_file),
      first_(std::move(loaded.setup)),
      lines_(options_.log_descriptor),
      access_(lines_, first_->config.log, options_.terminal),
      metrics_(options_.build),
      context_(io_.get_executor(), *this, first_->config.limits),
      serving_(context_, metrics_),
      admin_(io_.get_executor(), admin_source()),
      control_(
          io_.get_executor(),
          [target = control_target()](
              std::string_view method, std::string_view path, const Admin::Done& done
          ) { answer_control(target, method, path, done); },
          Admin::Limits{}
      ),
      reloader_(io_.get_executor(), *this, config_file, std::move(loaded)),
      signals_(io_),
      hangup_(io_),
      drain_timer_(io_.get_executor()) {
    log::start(lines_, first_->config.log, options_.terminal);
    lines_.start(io_.get_executor());
    context_.client_closed = [this] { serving_.resume(); };
    metrics_.set_process([this] {
        ProcessNumbers numbers;
        numbers.client_connections = context_.client_count;
        numbers.client_connections_limit = context_.limits.client_connections;
        numbers.log_lines_dropped = lines_.dropped();
        return numbers;
    });
}

Server::~Server() {
    stop();
    log::stop();
}

AdminSource Server::admin_source() {
    AdminSource source;
    source.started = [this] { return up_; };
    source.ready = [this] { return up_ && !context_.draining; };
    source.metrics = [this] { return metrics_.exposition(now()); };
    const auto with_status = [this](auto write) {
        const auto upstreams = metrics_.newest_bindings();
        StatusInput input{options_.build};
        input.started = started_.wall;
        input.ready = up_ && !context_.draining;
        input.draining = context_.draining;
        input.reload = &reloader_.state();
        input.upstreams = upstreams;
        input.recent = &metrics_.recent();
        return write(input, now());
    };
    source.status = [with_status] { return with_status(status_json); };
    source.page = [with_status] { return with_status(status_page); };
    return source;
}

ControlTarget Server::control_target() {
    ControlTarget target;
    target.draining = [this] { return context_.draining; };
    target.reload = [this](Reloader::Done done) { reloader_.request(std::move(done)); };
    target.quit = [this] { drain(); };  // after its answer
    return target;
}

void Server::bind() {
    started_ = now();
    log::info("backstop starts", {{"version", options_.build.version}, {"config", config_file_}});
    const std::vector<std::string> problems = change_to(*first_);
    if (!problems.empty()) throw std::runtime_error(problems.front());
    first_.reset();
    up_ = true;
    reloader_.start();
}

// --- the configuration in force ---

std::vector<std::string> Server::reload(Setup setup) {
    if (context_.draining) return {"backstop drains and is about to exit"};
    return change_to(setup);
}

// What can fail comes first; then everything changes at once.
std::vector<std::string> Server::change_to(const Setup& setup) {
    const config::Config& next = setup.config;
    const config::ReloadPlan plan = config::plan_reload(config_, next);
    if (!plan.refused.empty()) return plan.refused;
    Sockets sockets;
    try {
        sockets = bind_new(plan, next);
    } catch (const std::runtime_error& error) {
        return {error.what()};
    }
    log::start(lines_, next.log, options_.terminal);
    access_.reconfigure(next.log);
    context_.limits = fitting(next.limits, next);
    warn_of_few(context_.limits, next.limits);
    context_.replay.max = next.limits.replay_memory;
    serving_.change(plan, setup, std::move(sockets.proxy));
    serving_.resume();  // there may be room for more clients now
    change_admin(plan, sockets);
    config_ = next;
    mind_risks();
    return {};
}

Server::Sockets Server::bind_new(const config::ReloadPlan& plan, const config::Config& next) const {
    constexpr mode_t owner_only = 0600;
    const Executor executor = context_.executor;
    Sockets sockets;
    const std::vector<config::Listen> places = config::all_listen(next);
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (!plan.sockets[i]) sockets.proxy.push_back(proxy::bind(executor, places[i].address));
    }
    for (const config::Address& address : plan.admin.open)
        sockets.admin.push_back(proxy::bind(executor, address));
    for (const config::Address& address : plan.control.open)
        sockets.control.push_back(proxy::bind(executor, address, owner_only));
    return sockets;
}

void Server::change_admin(const config::ReloadPlan& plan, Sockets& sockets) {
    for (const Bound& socket : sockets.admin)
        log::info("admin", {{"address", socket.address.text()}});
    for (const Bound& socket : sockets.control)
        log::info("control", {{"address", socket.address.text()}});
    admin_.serve(std::move(sockets.admin));
    control_.serve(std::move(sockets.control));
    for (const config::Address& address : plan.admin.close)
        admin_.unlisten(address);
    for (const config::Address& address : plan.control.close)
        control_.unlisten(address);
}

// What nobody should be able to forget, and what is to be kept from others.
void Server::mind_risks() const {
    for (const config::Upstream& upstream : config_.upstreams) {
        if (!upstream.credential.file.empty()) protect_memory();
        if (!upstream.target.tls || !upstream.tls.insecure_skip_verify) continue;
        log::warn(
            "certificates are not verified: tls.insecure_skip_verify is set",
            {{"upstream", upstream.name}}
        );
    }
}

void Server::renew_credential(const std::string& upstream, const std::string& value) {
    serving_.renew_credential(upstream, value);
}

std::vector<CredentialSource> Server::credentials() const {
    return credential_sources(config_file_, config_);
}

void Server::reload_ended(bool successful) {
    metrics_.config_loaded(successful, now().wall);
}

// --- the life of the process ---

void Server::run() {
    if (options_.signals) {
        wait_for_signal();
        wait_for_hangup();
    }
    io_.run();
    stop();
}

void Server::wait_for_signal() {
    error_code ignored;
    signals_.add(SIGTERM, ignored);
    signals_.add(SIGINT, ignored);
    signals_.async_wait([this](error_code ec, int) {
        if (ec) return;
        // A drain may have begun by POST /quit; that a SIGTERM follows it is what Kubernetes does.
        if (std::exchange(signalled_, true)) {
            log::warn("second signal: exits at once", {{"cut", context_.in_flight}});
            lines_.finish(std::chrono::milliseconds(100));
            std::_Exit(EXIT_SUCCESS);
        }
        begin_drain();
        wait_for_signal();
    });
}

void Server::wait_for_hangup() {
    error_code ignored;
    hangup_.add(SIGHUP, ignored);
    hangup_.async_wait([this](error_code ec, int) {
        if (ec) return;
        reloader_.request(nullptr);
        wait_for_hangup();
    });
}

void Server::drain() {
    asio::post(io_, [this] { begin_drain(); });
}

// An application makes its last calls while it shuts down, so clients are still accepted until
// none has spoken for a while (behaviour, section 12).
void Server::begin_drain() {
    if (context_.draining) return;
    const policy::Instant present = steady_now();
    context_.draining = true;
    context_.drain_until = present + config_.shutdown.drain;
    context_.last_active = std::max(context_.last_active, present);
    log::info("draining", {{"in_flight", context_.in_flight}});
    serving_.wake_sleepers();
    look_whether_quiet();
}

void Server::look_whether_quiet() {
    const policy::Instant present = steady_now();
    if (context_.in_flight > 0) context_.last_active = present;
    const bool quiet = present - context_.last_active >= config_.shutdown.quiet;
    const bool over = present >= context_.drain_until;
    if (quiet || (over && context_.in_flight == 0) ||
        present >= context_.drain_until + std::chrono::seconds(1)) {
        log::info("drained", {{"cut", context_.in_flight}});
        io_.stop();  // run() returns, and cleans up
        return;
    }
    if (over) {
        for (ClientHook& client : context_.clients)
            client.wake();
    }
    drain_timer_.expires_after(drain_tick);
    drain_timer_.async_wait([this](error_code ec) {
        if (!ec) look_whether_quiet();
    });
}

// Ends everything in an order in which nothing is left behind: what could bring news, then the
// coroutines, which unwind where they wait, then what is idle.
void Server::stop() {
    up_ = false;
    reloader_.stop();
    admin_.close();
    control_.close();
    error_code ignored;
    signals_.cancel(ignored);
    hangup_.cancel(ignored);
    drain_timer_.cancel();
    for (ClientHook& client : context_.clients)
        client.stop();
    context_.client_closed = nullptr;
    serving_.stop();
    io_.restart();
    while (!context_.clients.empty() && io_.poll_one() > 0) {
    }
    io_.poll();
    lines_.finish(std::chrono::seconds(1));
}

std::string Server::metrics() {
    std::promise<std::string> text;
    std::future<std::string> answer = text.get_future();
    asio::post(io_, [&] { text.set_value(metrics_.exposition(now())); });
    return answer.get();
}

void Server::finished(const Upstream& upstream, const Report& report) {
    upstream.metrics().exchange(report);
    access_.exchange(upstream.config.name, report);
}

void Server::client_error(std::string_view kind) {
    metrics_.client_error(kind);
    log::debug("a client was refused, kept waiting, or broke off", {{"kind", kind}});
}

void Server::connection_failed(
    const Upstream& upstream, const policy::Failure& failure, std::string_view trouble
) {
    upstream.metrics().connection_failed(failure.stage, failure.reused);
    // Access lines and metrics have each of them.
    const auto untold = connect_troubles_[upstream.config.name].tell(trouble, steady_now());
    if (!untold) return;
    log::warn(
        "cannot connect to the upstream",
        {{"upstream", upstream.config.name},
         {"failure", policy::word(failure.kind)},
         {"error", trouble},
         {"more_before", static_cast<std::int64_t>(*untold)}}
    );
}

void Server::crowded(const Upstream& upstream) {
    const std::string& name = upstream.config.name;
    const auto untold = connect_troubles_[name].tell("pool", steady_now());
    if (!untold) return;
    log::warn(
        "no connection of the pool became free in time; raise pool.connections if the API allows "
        "it",
        {{"upstream", name},
         {"connections", upstream.config.pool.connections},
         {"more_before", static_cast<std::int64_t>(*untold)}}
    );
}

void Server::bug(std::string_view what) {
    metrics_.internal_error();
    log::error("a fault of backstop's own; the connection was closed", {{"what", what}});
}

}  // namespace backstop::proxy
