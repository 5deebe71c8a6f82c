// A connection to an upstream: a Stream, and what the pool must know of it.
#pragma once

#include "proxy/signal.hpp"
#include "proxy/stream.hpp"

#include <memory>

namespace backstop::proxy {

class Pool;

class Connection final : public Wakeable {
public:
    Connection(Pool& pool, Stream::Pointer stream, policy::Instant created);
    ~Connection();  // NOLINT(bugprone-exception-escape): see the .cpp file
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Stream& stream() { return *stream_; }
    bool reused() const { return exchanges_ > 0; }
    policy::Instant idle_since() const { return idle_since_; }

private:
    friend class Pool;
    // While idle, anything that happens ends it: the peer closed, or spoke out of turn.
    void wake() override;

    Pool& pool_;
    Stream::Pointer stream_;
    policy::Instant created_;
    policy::Instant idle_since_{};
    policy::Instant idle_until_{};
    unsigned exchanges_ = 0;
};

using ConnectionPointer = std::unique_ptr<Connection>;

}  // namespace backstop::proxy
