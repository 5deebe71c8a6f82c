#include "proxy/turns.hpp"

#include <boost/asio/post.hpp>

namespace backstop::proxy {

Async<void> Turns::next() {
    UseAwaitable token;
    return asio::async_initiate<UseAwaitable, void()>(Join(this), token);
}

void Turns::join(Handler handler) {
    waiting_.push_back(std::move(handler));
    if (waiting_.size() == 1) asio::post(executor_, [this] { go(); });
}

void Turns::go() {
    going_.swap(waiting_);
    for (Handler& handler : going_)
        std::move(handler)();
    going_.clear();
}

}  // namespace backstop::proxy
