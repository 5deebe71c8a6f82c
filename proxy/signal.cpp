#include "proxy/signal.hpp"

namespace backstop::proxy {

// Not in the header: async_initiate has a coroutine in it, and with link-time optimisation g++ 12
// takes the frames of one coroutine in two files for two types.
Async<void> Signal::wait() {
    UseAwaitable token;
    return asio::async_initiate<UseAwaitable, Signature>(Keep(this), token);
}

}  // namespace backstop::proxy
