// The admin listener: what probes, Prometheus and people ask. Read only: GET and HEAD.
//
//   /livez     200 while the process runs
//   /startupz  200 once everything is bound, else 503
//   /readyz    200 while it takes requests, else 503; never tied to an upstream
//   /metrics   Prometheus' text format 0.0.4
//   /status    the state of every upstream, JSON
//   /          the same for people: a page that refreshes itself
//
// It goes on answering while the process drains, until close().
//
// The same server, with other answers, is behind the control socket: see control_answer.hpp.
#pragma once

#include "config/config.hpp"
#include "proxy/acceptor.hpp"
#include "proxy/async.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::proxy {

// Where the answers come from. Called on the I/O thread.
struct AdminSource {
    std::function<bool()> started{};
    std::function<bool()> ready{};
    std::function<std::string()> metrics{};
    std::function<std::string()> status{};  // JSON
    std::function<std::string()> page{};    // HTML
};

struct AdminAnswer;

class Admin {
public:
    // Answers one request by calling `done` once, at once or later. On the I/O thread.
    using Done = std::function<void(AdminAnswer)>;
    using Answerer =
        std::function<void(std::string_view method, std::string_view target, const Done& done)>;

    struct Limits {
        // At the limit the connection that has been silent for longest makes room, so that nobody
        // can keep the probes out.
        std::size_t connections = 64;
        policy::Duration patience = std::chrono::seconds(10);  // for a request, and for its answer
    };

    Admin(Executor executor, AdminSource source, Limits limits);
    Admin(Executor executor, AdminSource source);
    Admin(Executor executor, Answerer answerer, Limits limits);
    ~Admin();  // close()
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;

    // Binds all of these and serves; or binds none and throws std::runtime_error that names the
    // address and the remedy. Can be called again for more addresses (a reload).
    void listen(const std::vector<config::Address>& addresses);
    // The same with sockets that are bound already.
    void serve(std::vector<Bound> sockets);
    // Where it listens, in the order of listen(); port 0 has become the one that was given.
    std::vector<config::Address> bound() const;
    // Stops listening on one of bound(), or on what was configured so; connections go on.
    void unlisten(const config::Address& address);
    // Stops listening and closes all connections.
    void close();
    std::size_t connections() const;

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the coroutines, which end after close()
};

}  // namespace backstop::proxy
