// Connections to one upstream: the idle ones, and how many there may be.
#pragma once

#include "config/config.hpp"
#include "proxy/connection.hpp"
#include "proxy/deadlines.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace backstop::proxy {

class Pool final : public Wakeable {
public:
    Pool(Deadlines& deadlines, const config::Pool& options);
    ~Pool();

    // The most recently used idle connection that has been idle for less than `idle_below`; null if
    // there is none.
    ConnectionPointer take(policy::Instant now, policy::Duration idle_below);
    // May another connection be opened? If so it counts from now on: make() or give_up() follows.
    // If not, `waiter` is woken when one has become free.
    bool reserve(Signal& waiter);
    ConnectionPointer make(Stream::Pointer stream, policy::Instant now);
    void give_up();
    void forget(Signal& waiter);
    // After a complete exchange on it. `keep_alive`: what the upstream said it would wait
    // (Keep-Alive: timeout=N), if it did.
    void put_back(
        ConnectionPointer connection,
        policy::Instant now,
        std::optional<policy::Duration> keep_alive
    );
    void close_idle();

    int open() const { return open_; }
    int idle() const { return static_cast<int>(idle_.size()); }
    int waiting() const { return static_cast<int>(waiters_.size()); }

private:
    friend class Connection;
    void wake() override;  // the oldest idle connection is due
    void drop(Connection& idle);
    void freed();
    void call_next();
    void arm();

    config::Pool options_;
    std::vector<ConnectionPointer> idle_{};  // most recently used last
    std::deque<Signal*> waiters_{};
    Deadline expiry_;
    int open_ = 0;  // idle, in use, and being opened
};

}  // namespace backstop::proxy
