// One client connection: requests in, exchanges out, one after the other, for as long as both sides
// keep it alive. Requests that arrive ahead of their turn wait in the read buffer (pipelining).
#pragma once

#include "proxy/async.hpp"
#include "proxy/context.hpp"
#include "proxy/site.hpp"

#include <memory>

namespace backstop::proxy {

// Serves until the connection ends. Nothing escapes it but what nobody planned.
Async<void> serve(Context& context, std::shared_ptr<Site> site, Socket socket);

}  // namespace backstop::proxy
