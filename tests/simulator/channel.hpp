#pragma once

// One accepted connection, plain or TLS, as bytes. It can also be broken off in the ways that a
// well-behaved server never does.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace simulator {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

template <typename T>
using Async = asio::awaitable<T>;

class Channel {
public:
    // `tls` is null for a plain connection.
    Channel(asio::ip::tcp::socket socket, asio::ssl::context* tls);

    Async<ErrorCode> handshake();  // does nothing on a plain connection
    Async<std::pair<ErrorCode, std::size_t>> read_some(asio::mutable_buffer into);
    Async<ErrorCode> write(asio::const_buffer bytes);
    Async<void> close();           // with a FIN, after a TLS close_notify
    Async<void> wait_for_close();  // until the peer ends the connection; what it sends is dropped
    Async<void> wait_for_raw_close();  // the same before the handshake
    Async<void> wait_for_bytes();      // until something can be read, or the connection has ended

    void reset();  // with an RST

    asio::any_io_executor executor() { return socket_->get_executor(); }
    std::string peer_address() const;  // empty where it has gone
    bool is_tls() const { return tls_.has_value(); }

private:
    using Socket = asio::ip::tcp::socket;

    std::shared_ptr<Socket> socket_;  // shared with the timer that limits a TLS farewell
    std::optional<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace simulator
