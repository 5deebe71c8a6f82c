// One client connection: requests in, exchanges out, one after the other, for as long as both sides
// keep it alive. Requests that arrive ahead of their turn wait in the read buffer (pipelining).
#pragma once

#include "proxy/async.hpp"
#include "proxy/context.hpp"

#include <memory>

namespace backstop::proxy {

class Upstream;

// What a listener serves. A reload puts another upstream in; exchanges under way keep theirs.
struct Site {
    std::shared_ptr<Upstream> upstream;
};

// Serves until the connection ends. Nothing escapes it but what nobody planned.
Async<void> serve(Context& context, std::shared_ptr<Site> site, Socket socket);

}  // namespace backstop::proxy
