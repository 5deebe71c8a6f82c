#include "proxy/listener.hpp"

#include "proxy/log.hpp"
#include "proxy/session.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <poll.h>

namespace backstop::proxy {

namespace {

// How many clients are taken before others get their turn.
constexpr int accepts_at_once = 64;
// Out of descriptors or memory: how long until it is tried again, if no client leaves before.
constexpr policy::Duration pause_time = std::chrono::milliseconds(200);

// At the limit, clients that were idle for less are spared, and nothing is said, for so long: most
// of them are about to ask again, and busy ones to leave.
constexpr policy::Duration patience = std::chrono::seconds(1);

// The machine has run out of something; the client stays in the kernel's queue.
bool is_shortage(const error_code& ec) {
    return ec == asio::error::no_descriptors || ec == asio::error::no_buffer_space ||
           ec == asio::error::no_memory || ec.value() == ENFILE;
}

// Closes the client that has been idle for longest, if it has been since `latest` at least. One
// whose next request is on its way is left alone, also where only the kernel knows. False: nobody.
bool dismiss_idle(Context& context, policy::Instant latest) {
    for (ClientHook& client : context.resting) {
        if (client.idle_since > latest) break;
        if (!client.silent()) continue;
        client.RestingHook::unlink();
        client.stop();
        return true;
    }
    return false;
}

}  // namespace

Listener::Listener(Context& context, Bound socket, std::shared_ptr<Upstream> upstream)
    : context_(context),
      socket_(std::move(socket)),
      site_(std::make_shared<Site>(Site{std::move(upstream)})),
      pause_(context.executor) {}

Listener::~Listener() {
    stop();
}

void Listener::start() {
    wait();
}

void Listener::serve(std::shared_ptr<Upstream> upstream) {
    site_->upstream = std::move(upstream);
}

// What has connected but is not accepted would be reset when the socket is closed.
void Listener::retire() {
    site_->closed = true;
    while (accept_some()) {
    }
    stop();
}

void Listener::stop() {
    unbind(socket_.acceptor, socket_.address);
    pause_.cancel();
}

void Listener::resume() {
    if (!socket_.acceptor.is_open() || waiting_) return;
    if (paused_) pause_.cancel();
    paused_ = false;
    wait();
}

void Listener::wait() {
    if (waiting_ || paused_ || !socket_.acceptor.is_open()) return;
    waiting_ = true;
    const auto ready = [this, alive = std::weak_ptr<bool>(alive_)](error_code ec) {
        if (alive.expired() || ec == asio::error::operation_aborted) return;
        waiting_ = false;
        if (!ec) take_up();
        wait();
    };
    socket_.acceptor.async_wait(Acceptor::wait_read, ready);
}

void Listener::take_up() {
    if (context_.full()) {
        make_room();
    } else {
        accept_some();
    }
}

// True: there may be more.
bool Listener::accept_some() {
    for (int i = 0; i < accepts_at_once; ++i) {
        if (!socket_.acceptor.is_open()) return false;
        if (context_.full()) {
            if ((starved_ || crowded_since_) && !somebody_waits()) everybody_taken();
            return false;
        }
        Socket socket(context_.executor);
        error_code ec;
        socket_.acceptor.accept(socket, ec);
        // Without a descriptor the kernel says so even when nobody waits.
        const bool shortage = is_shortage(ec);
        if (ec == asio::error::would_block || (shortage && !somebody_waits())) {
            everybody_taken();
            return false;
        }
        if (shortage) {
            pause(ec);
            return false;
        }
        if (!ec) accept_one(std::move(socket));  // else that client has gone again
    }
    return true;
}

void Listener::accept_one(Socket socket) {
    const auto ended = [&context = context_](const std::exception_ptr& escaped) {
        if (!escaped) return;
        try {
            std::rethrow_exception(escaped);
        } catch (const std::exception& error) {
            context.observer.bug(error.what());
        } catch (...) {
            context.observer.bug("an exception of unknown type");
        }
    };
    asio::co_spawn(context_.executor, proxy::serve(context_, site_, std::move(socket)), ended);
}

bool Listener::somebody_waits() {
    pollfd look{socket_.acceptor.native_handle(), POLLIN, 0};
    return ::poll(&look, 1, 0) == 1;
}

// The next look is when a client has left, whoever it is, or in a while.
void Listener::make_room() {
    const policy::Instant present = steady_now();
    if (!crowded_since_) crowded_since_ = present;
    const bool patient = present - *crowded_since_ < patience;
    const bool made = dismiss_idle(context_, patient ? present - patience : present);
    if (!made && !patient && !starved_) {
        starved_ = true;
        context_.observer.client_error("connections");
        log::warn(
            "clients wait to be accepted until others leave: as many as limits.client_connections "
            "allows are there, and none of them is idle; raise it",
            {{"address", address().text()}, {"limit", context_.limits.client_connections}}
        );
    }
    look_again_later();
}

// A shortage lasts until everybody who waited has been taken, and is told once: there may be a try
// for each client that leaves meanwhile.
void Listener::pause(const error_code& shortage) {
    if (!starved_) {
        log::warn(
            "clients wait to be accepted until others leave; raise the limit of open files, or "
            "lower limits.client_connections",
            {{"address", address().text()}, {"error", shortage.message()}}
        );
    }
    starved_ = true;
    look_again_later();
}

void Listener::everybody_taken() {
    starved_ = false;
    crowded_since_.reset();
}

void Listener::look_again_later() {
    paused_ = true;
    pause_.expires_after(pause_time);
    pause_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](error_code ec) {
        if (ec || alive.expired()) return;
        paused_ = false;
        wait();
    });
}

}  // namespace backstop::proxy
