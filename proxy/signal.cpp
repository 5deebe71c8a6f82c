#include "proxy/signal.hpp"

namespace backstop::proxy {

// Not in the header: with link-time optimisation g++ 12 takes the frames of one coroutine in two
// files for two types.
Async<void> Signal::wait() {
    if (!raised_) {
        UseAwaitable token;
        Keep keep(this);
        co_await asio::async_initiate<UseAwaitable, void()>(keep, token);
    }
    raised_ = false;
    if (stopped_) throw Stopped();
}

}  // namespace backstop::proxy
