// The few Asio types that everything in this room shares. Concrete executor types throughout: the
// type-erased ones cost half a microsecond a request.
#pragma once

#include "policy/time.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace backstop::proxy {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
template <typename T>
using Async = asio::awaitable<T, Executor>;
using UseAwaitable = asio::use_awaitable_t<Executor>;

// One socket type for TCP and Unix sockets.
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Timer = asio::basic_waitable_timer<
    std::chrono::steady_clock,
    asio::wait_traits<std::chrono::steady_clock>,
    Executor>;

// The only reader of the clocks.
policy::Moment now();
policy::Instant steady_now();

}  // namespace backstop::proxy
