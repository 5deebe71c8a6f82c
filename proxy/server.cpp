#include "proxy/server.hpp"

#include "proxy/log.hpp"
#include "proxy/status.hpp"
#include "proxy/status_page.hpp"
#include "proxy/upstream_metrics.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <sys/resource.h>

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

Server::Server(config::Config config, Options options)
    : config_(std::move(config)),
      options_(std::move(options)),
      lines_(options_.log_descriptor),
      access_(lines_, config_.log, options_.terminal),
      metrics_(options_.build),
      context_(io_.get_executor(), *this, fitting(config_.limits, config_)),
      admin_(io_.get_executor(), admin_source()),
      signals_(io_),
      drain_timer_(io_.get_executor()) {
    log::start(lines_, config_.log, options_.terminal);
    lines_.start(io_.get_executor());
    context_.client_closed = [this] {
        for (const Served& served : served_) {
            for (const auto& listener : served.listeners)
                listener->resume();
        }
    };
    for (const config::Upstream& upstream : config_.upstreams)
        add(upstream);
    metrics_.set_process([this] {
        ProcessNumbers numbers;
        numbers.client_connections = context_.client_count;
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
        input.upstreams = upstreams;
        input.recent = &metrics_.recent();
        return write(input, now());
    };
    source.status = [with_status] { return with_status(status_json); };
    source.page = [with_status] { return with_status(status_page); };
    return source;
}

void Server::add(const config::Upstream& configured) {
    Served served;
    served.upstream =
        std::make_shared<Upstream>(io_.get_executor(), context_.deadlines, configured);
    Upstream& upstream = *served.upstream;
    served.metrics = metrics_.upstream(upstream.rules());
    served.metrics->set_standing(&upstream.standing);
    served.metrics->set_live([this, &upstream] {
        LiveNumbers numbers;
        numbers.connections_idle = upstream.pool.idle();
        numbers.connections_busy = upstream.pool.open() - upstream.pool.idle();
        numbers.in_flight = upstream.in_flight;
        numbers.waiting = upstream.pool.waiting();
        numbers.buffer_bytes = context_.replay.used;
        return numbers;
    });
    upstream.metrics = served.metrics.get();
    served.site = std::make_shared<Site>(Site{served.upstream});
    served_.push_back(std::move(served));
}

void Server::bind() {
    started_ = now();
    for (Served& served : served_) {
        for (const config::Address& address : served.upstream->config.listen) {
            served.listeners.push_back(std::make_unique<Listener>(context_, served.site, address));
        }
    }
    admin_.listen(config_.admin.listen);
    for (const Served& served : served_) {
        for (const auto& listener : served.listeners)
            listener->start();
    }
    metrics_.config_loaded(true, started_.wall);
    up_ = true;
    say_start();
}

void Server::say_start() const {
    log::info("backstop starts", {{"version", options_.build.version}});
    warn_of_few(context_.limits, config_.limits);
    for (const Served& served : served_) {
        const config::Upstream& upstream = served.upstream->config;
        for (const auto& listener : served.listeners) {
            log::info(
                "listening",
                {{"address", listener->address().text()},
                 {"upstream", upstream.name},
                 {"url", upstream.url},
                 {"dialect", upstream.dialect}}
            );
        }
        if (upstream.target.tls && upstream.tls.insecure_skip_verify) {
            log::warn(
                "certificates are not verified: tls.insecure_skip_verify is set",
                {{"upstream", upstream.name}}
            );
        }
    }
    for (const config::Address& address : admin_.bound()) {
        log::info("admin", {{"address", address.text()}});
    }
}

void Server::run() {
    if (options_.signals) wait_for_signal();
    io_.run();
    stop();
}

void Server::wait_for_signal() {
    error_code ignored;
    signals_.add(SIGTERM, ignored);
    signals_.add(SIGINT, ignored);
    signals_.async_wait([this](error_code ec, int) {
        if (ec) return;
        if (context_.draining) {
            log::warn("second signal: exits at once");
            lines_.finish(std::chrono::milliseconds(100));
            std::_Exit(EXIT_SUCCESS);
        }
        begin_drain();
        wait_for_signal();
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
    for (const Served& served : served_)
        served.upstream->wake_sleepers();
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
    drain_timer_.expires_after(drain_tick);
    drain_timer_.async_wait([this](error_code ec) {
        if (!ec) look_whether_quiet();
    });
}

// Ends everything in an order in which nothing is left behind: listeners, then the coroutines,
// which unwind where they wait, then what is idle.
void Server::stop() {
    up_ = false;
    for (Served& served : served_) {
        for (const auto& listener : served.listeners)
            listener->stop();
    }
    admin_.close();
    error_code ignored;
    signals_.cancel(ignored);
    drain_timer_.cancel();
    for (ClientHook& client : context_.clients)
        client.stop();
    context_.client_closed = nullptr;
    for (Served& served : served_)
        served.upstream->pool.close_idle();
    io_.restart();
    while (!context_.clients.empty() && io_.poll_one() > 0) {
    }
    io_.poll();
    lines_.finish(std::chrono::seconds(1));
}

std::vector<config::Address> Server::addresses() const {
    std::vector<config::Address> all;
    for (const Served& served : served_) {
        for (const auto& listener : served.listeners)
            all.push_back(listener->address());
    }
    return all;
}

std::string Server::metrics() {
    std::promise<std::string> text;
    std::future<std::string> answer = text.get_future();
    asio::post(io_, [&] { text.set_value(metrics_.exposition(now())); });
    return answer.get();
}

void Server::finished(const Upstream& upstream, const Report& report) {
    upstream.metrics->exchange(report);
    access_.exchange(upstream.config.name, report);
}

void Server::client_error(std::string_view kind) {
    metrics_.client_error(kind);
}

void Server::connection_failed(
    const Upstream& upstream, const policy::Failure& failure, std::string_view trouble
) {
    upstream.metrics->connection_failed(failure.stage, failure.reused);
    log::warn(
        "cannot connect to the upstream",
        {{"upstream", upstream.config.name},
         {"failure", policy::word(failure.kind)},
         {"error", trouble}}
    );
}

void Server::bug(std::string_view what) {
    metrics_.internal_error();
    log::error("a fault of backstop's own; the connection was closed", {{"what", what}});
}

}  // namespace backstop::proxy
