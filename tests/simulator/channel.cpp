#include "tests/simulator/channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace simulator {
namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds farewell_max{1};

}  // namespace

Channel::Channel(Socket socket, asio::ssl::context* tls)
    : socket_(std::make_shared<Socket>(std::move(socket))) {
    ErrorCode ignored;
    socket_->set_option(asio::ip::tcp::no_delay(true), ignored);
    if (tls) tls_.emplace(*socket_, *tls);
}

std::string Channel::peer_address() const {
    ErrorCode gone;
    const auto endpoint = socket_->remote_endpoint(gone);
    return gone ? std::string() : endpoint.address().to_string();
}

Async<ErrorCode> Channel::handshake() {
    if (!tls_) co_return ErrorCode();
    const auto [failure] = co_await tls_->async_handshake(asio::ssl::stream_base::server, nothrow);
    co_return failure;
}

Async<std::pair<ErrorCode, std::size_t>> Channel::read_some(asio::mutable_buffer into) {
    if (tls_) {
        const auto [failure, bytes] = co_await tls_->async_read_some(into, nothrow);
        co_return std::pair(failure, bytes);
    }
    const auto [failure, bytes] = co_await socket_->async_read_some(into, nothrow);
    co_return std::pair(failure, bytes);
}

Async<ErrorCode> Channel::write(asio::const_buffer bytes) {
    if (tls_) {
        const auto [failure, written] = co_await asio::async_write(*tls_, bytes, nothrow);
        co_return failure;
    }
    const auto [failure, written] = co_await asio::async_write(*socket_, bytes, nothrow);
    co_return failure;
}

Async<void> Channel::close() {
    ErrorCode ignored;
    if (tls_) {
        asio::steady_timer timer(executor(), farewell_max);
        const auto give_up = [socket = socket_](ErrorCode cancelled) {
            ErrorCode nothing;
            if (!cancelled) socket->close(nothing);
        };
        timer.async_wait(give_up);
        co_await tls_->async_shutdown(nothrow);
    }
    socket_->shutdown(Socket::shutdown_send, ignored);
    socket_->close(ignored);
}

Async<void> Channel::wait_for_close() {
    std::array<char, 4096> scratch;
    for (;;) {
        const auto [failure, bytes] = co_await read_some(asio::buffer(scratch));
        if (failure) co_return;
    }
}

Async<void> Channel::wait_for_raw_close() {
    std::array<char, 4096> scratch;
    for (;;) {
        const auto [failure, bytes] =
            co_await socket_->async_read_some(asio::buffer(scratch), nothrow);
        if (failure) co_return;
    }
}

Async<void> Channel::wait_for_bytes() {
    co_await socket_->async_wait(Socket::wait_read, nothrow);
}

void Channel::reset() {
    ErrorCode ignored;
    socket_->set_option(asio::socket_base::linger(true, 0), ignored);
    socket_->close(ignored);
}

}  // namespace simulator
