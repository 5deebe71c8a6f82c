// The admin listener: what probes, Prometheus and people ask. Read only, GET and HEAD.
//
//   /livez     200 while the process runs
//   /startupz  200 once everything is bound
//   /readyz    200 while it takes requests, else 503; never tied to an upstream
//   /metrics   Prometheus' text format
//   /status    JSON, the state of every upstream
//   /          what there is
#pragma once

#include "config/config.hpp"
#include "proxy/async.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace backstop::proxy {

// Where the answers come from. Called on the I/O thread.
struct AdminSource {
    std::function<bool()> started;
    std::function<bool()> ready;
    std::function<std::string()> metrics;
    std::function<std::string()> status;
};

class Admin {
public:
    struct Limits {
        std::size_t connections = 64;  // those beyond are closed at once
        policy::Duration patience = std::chrono::seconds(10);  // for a request, and for its answer
    };

    Admin(Executor executor, AdminSource source, Limits limits);
    Admin(Executor executor, AdminSource source);
    ~Admin();  // close()
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;

    // Binds and serves. Throws std::runtime_error that names the address and the remedy; then what
    // was bound by this call is closed again. Can be called again (a reload) for more addresses.
    void listen(const std::vector<config::Address>& addresses);
    // Where it listens, in the order of listen(); port 0 has become the one that was given.
    std::vector<config::Address> bound() const;
    // Stops listening on one address; connections go on.
    void unlisten(const config::Address& bound);
    // Stops listening and closes all connections.
    void close();
    std::size_t connections() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace backstop::proxy
