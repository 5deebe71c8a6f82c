#include "proxy/listener.hpp"

#include "proxy/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <exception>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace backstop::proxy {

namespace {

// How many clients are taken before others get their turn.
constexpr int accepts_at_once = 64;
// Out of descriptors or memory: how long until it is tried again, if no client leaves before.
constexpr policy::Duration pause_time = std::chrono::milliseconds(200);

// The machine has run out of something; the client stays in the kernel's queue.
bool is_shortage(const error_code& ec) {
    return ec == asio::error::no_descriptors || ec == asio::error::no_buffer_space ||
           ec == asio::error::no_memory || ec.value() == ENFILE;
}

Endpoint endpoint_of(const config::Address& address) {
    if (!address.unix_path.empty()) {
        return asio::local::stream_protocol::endpoint(address.unix_path);
    }
    return asio::ip::tcp::endpoint(asio::ip::make_address(address.host), address.port);
}

std::string remedy(const error_code& ec) {
    if (ec == asio::error::address_in_use) return "; stop what listens there, or choose another";
    if (ec == asio::error::access_denied) return "; ports below 1024 need a privilege";
    return "; is it an address of this machine?";
}

}  // namespace

Listener::Listener(Context& context, std::shared_ptr<Site> site, const config::Address& address)
    : context_(context),
      site_(std::move(site)),
      address_(address),
      acceptor_(context.executor),
      pause_(context.executor) {
    const Endpoint endpoint = endpoint_of(address);
    error_code ec;
    acceptor_.open(endpoint.protocol(), ec);
    const bool is_unix = !address.unix_path.empty();
    if (!ec && !is_unix) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec && endpoint.protocol().family() == AF_INET6) {
        acceptor_.set_option(asio::ip::v6_only(true), ec);
    }
    if (!ec && is_unix) ::unlink(address.unix_path.c_str());
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor_.non_blocking(true, ec);
    if (ec) {
        throw std::runtime_error(
            "cannot listen on " + address.text() + ": " + ec.message() + remedy(ec)
        );
    }
    if (!is_unix && address.port == 0) {
        asio::ip::tcp::endpoint bound;
        const Endpoint local = acceptor_.local_endpoint();
        bound.resize(local.size());
        std::memcpy(bound.data(), local.data(), local.size());
        address_.port = bound.port();
    }
}

Listener::~Listener() {
    stop();
}

void Listener::start() {
    wait();
}

void Listener::stop() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

void Listener::resume() {
    if (!acceptor_.is_open() || waiting_) return;
    if (paused_) pause_.cancel();
    paused_ = false;
    wait();
}

void Listener::wait() {
    if (waiting_ || !acceptor_.is_open()) return;
    if (context_.client_count >= context_.limits.client_connections) return;  // resume() goes on
    waiting_ = true;
    acceptor_.async_wait(Acceptor::wait_read, [this](error_code ec) {
        if (ec == asio::error::operation_aborted) return;
        waiting_ = false;
        if (!ec) accept();
    });
}

void Listener::accept() {
    for (int i = 0; i < accepts_at_once; ++i) {
        if (context_.client_count >= context_.limits.client_connections) return;
        Socket socket(context_.executor);
        error_code ec;
        acceptor_.accept(socket, ec);
        // Without a descriptor the kernel says so even when nobody waits.
        const bool shortage = is_shortage(ec);
        if (ec == asio::error::would_block || (shortage && !somebody_waits())) {
            starved_ = false;
            break;
        }
        if (shortage) {
            pause(ec);
            return;
        }
        if (ec) continue;  // that client has gone again
        asio::co_spawn(
            context_.executor,
            serve(context_, site_, std::move(socket)),
            [&context = context_](std::exception_ptr escaped) {
                if (!escaped) return;
                try {
                    std::rethrow_exception(escaped);
                } catch (const std::exception& error) {
                    context.observer.bug(error.what());
                } catch (...) {
                    context.observer.bug("an exception of unknown type");
                }
            }
        );
    }
    wait();
}

bool Listener::somebody_waits() {
    pollfd look{acceptor_.native_handle(), POLLIN, 0};
    return ::poll(&look, 1, 0) == 1;
}

// A shortage lasts until everybody who waited has been taken, and is told once: there may be a try
// for each client that leaves meanwhile.
void Listener::pause(const error_code& shortage) {
    if (!starved_) {
        log::warn(
            "clients wait to be accepted until others leave; raise the limit of open files, or "
            "lower limits.client_connections",
            {{"address", address_.text()}, {"error", shortage.message()}}
        );
    }
    starved_ = true;
    paused_ = true;
    pause_.expires_after(pause_time);
    pause_.async_wait([this](error_code ec) {
        if (ec) return;
        paused_ = false;
        wait();
    });
}

}  // namespace backstop::proxy
