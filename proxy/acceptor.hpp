// Binding an address: the one place where a configured address becomes a listening socket.
#pragma once

#include "config/config.hpp"
#include "proxy/async.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <optional>
#include <sys/types.h>

namespace backstop::proxy {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor>;

// `ec` is set if the host is no IP address.
Endpoint endpoint_of(const config::Address& address, error_code& ec);

struct Bound {
    Acceptor acceptor;
    config::Address configured{};
    config::Address address{};  // where it listens; port 0 has become the one that was given
};

// Binds and listens, non-blocking. An IPv6 address is bound for IPv6 only. The file of a Unix
// socket that nobody listens on any more is replaced.
// `mode`: of the file of a Unix socket, from its first moment on; else what the umask leaves.
// Throws std::runtime_error that names the address and the remedy.
Bound bind(Executor executor, const config::Address& address, std::optional<mode_t> mode = {});

// Closes it, and removes the file of a Unix socket.
void unbind(Acceptor& acceptor, const config::Address& address);

}  // namespace backstop::proxy
