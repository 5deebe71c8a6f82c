#include "proxy/pool.hpp"

#include <algorithm>

namespace backstop::proxy {

namespace {

// An orderly end, with TLS's close_notify (RFC 8446 6.1), of a connection with nothing under way.
void say_goodbye(Stream& stream) {
    stream.owned_by(nullptr);
    if (!stream.ended()) stream.shutdown_send();
}

}  // namespace

Connection::Connection(Pool& pool, Stream::Pointer stream, policy::Instant created)
    : pool_(pool), stream_(std::move(stream)), created_(created) {}

// Waking whoever waits allocates; without memory the process ends anyway.
// NOLINTNEXTLINE(bugprone-exception-escape)
Connection::~Connection() {
    stream_->owned_by(nullptr);
    stream_->close();
    pool_.freed();
}

void Connection::wake() {
    pool_.drop(*this);
}

Pool::Pool(Deadlines& deadlines, const config::Pool& options)
    : options_(options), expiry_(deadlines, *this) {}

Pool::~Pool() {
    close_idle();
}

ConnectionPointer Pool::take(policy::Instant now, policy::Duration idle_below) {
    while (!idle_.empty()) {
        // The last is the most recently used: if that one is too old, all are.
        const Connection& last = *idle_.back();
        if (last.idle_until_ <= now || now - last.idle_since_ >= idle_below) return nullptr;
        ConnectionPointer connection = std::move(idle_.back());
        idle_.pop_back();
        connection->stream_->owned_by(nullptr);
        if (connection->stream_->still_quiet()) return connection;
    }
    return nullptr;
}

bool Pool::reserve(Signal& waiter) {
    if (open_ >= options_.connections && !idle_.empty()) {
        say_goodbye(idle_.front()->stream());
        idle_.erase(idle_.begin());
    }
    if (open_ < options_.connections) {
        ++open_;
        return true;
    }
    if (std::find(waiters_.begin(), waiters_.end(), &waiter) == waiters_.end()) {
        waiters_.push_back(&waiter);
    }
    return false;
}

ConnectionPointer Pool::make(Stream::Pointer stream, policy::Instant now) {
    return std::make_unique<Connection>(*this, std::move(stream), now);
}

void Pool::give_up() {
    freed();
}

void Pool::forget(Signal& waiter) {
    const bool was_called = std::erase(waiters_, &waiter) == 0;
    // It may leave without what it was called for.
    const bool some_free = !idle_.empty() || open_ < options_.connections;
    if (was_called && some_free) call_next();
}

void Pool::put_back(
    ConnectionPointer connection, policy::Instant now, std::optional<policy::Duration> keep_alive
) {
    const policy::Instant retired = connection->created_ + options_.max_age;
    policy::Duration idle = options_.idle;
    // The upstream closes after its time; a second less, so that we are the first.
    if (keep_alive) idle = std::min(idle, *keep_alive - std::chrono::seconds(1));
    Stream& stream = connection->stream();
    if (idle <= policy::Duration::zero() || now >= retired || stream.ended() ||
        !stream.in().empty() || !stream.open()) {
        say_goodbye(stream);
        return;  // closed
    }
    ++connection->exchanges_;
    connection->idle_since_ = now;
    connection->idle_until_ = std::min(now + idle, retired);
    stream.owned_by(connection.get());
    stream.in().shrink(0);
    stream.read_up_to(1);
    if (!stream.in().empty() || stream.ended()) return;  // TLS had some of it already
    idle_.push_back(std::move(connection));
    arm();
    call_next();
}

void Pool::close_idle() {
    for (const ConnectionPointer& one : idle_)
        say_goodbye(one->stream());
    idle_.clear();
}

void Pool::wake() {
    const policy::Instant now = steady_now();
    std::erase_if(idle_, [&](const ConnectionPointer& one) {
        const bool due = one->idle_until_ <= now;
        if (due) say_goodbye(one->stream());
        return due;
    });
    arm();
}

void Pool::arm() {
    if (idle_.empty()) {
        expiry_.disarm();
        return;
    }
    policy::Instant next = policy::Instant::max();
    for (const ConnectionPointer& one : idle_)
        next = std::min(next, one->idle_until_);
    expiry_.arm(next);
}

void Pool::drop(Connection& idle) {
    std::erase_if(idle_, [&](const ConnectionPointer& one) { return one.get() == &idle; });
}

void Pool::freed() {
    --open_;
    call_next();
}

void Pool::call_next() {
    if (waiters_.empty()) return;
    waiters_.front()->wake_later();
    waiters_.pop_front();
}

}  // namespace backstop::proxy
