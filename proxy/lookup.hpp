// Looks a name up. getaddrinfo(3) knows no deadline and cannot be called off, so each look-up has a
// thread of its own, which nobody waits for: one zone that does not answer holds up neither the
// other upstreams nor the end of the process.
#pragma once

#include "proxy/async.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>
#include <vector>

namespace backstop::proxy {

using TcpEndpoints = std::vector<asio::ip::tcp::endpoint>;
// Comes on the I/O thread, or not at all once the io_context ends. Never both without an error and
// without an endpoint.
using LookupDone = std::function<void(error_code, const TcpEndpoints&)>;

// From the I/O thread. `port` is decimal; the endpoints are in the order of RFC 6724.
void look_up(
    Executor executor, const std::string& host, const std::string& port, const LookupDone& done
);

// Threads that are still at it: they may outlive the io_context, and main() itself.
int lookups_under_way();

}  // namespace backstop::proxy
