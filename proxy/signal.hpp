// How a coroutine waits for "something happened", whatever it is: bytes on either side, room to
// write, a deadline, a free connection. Everything that can happen raises the one Signal of the
// exchange; the coroutine then looks at the state of things. So a single coroutine can move bytes in
// both directions, notice that a client has left, and keep its deadlines, without one task for each.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "proxy/async.hpp"

namespace backstop::proxy {

// Whoever wants to hear that a Stream has news.
class Wakeable {
public:
    virtual void wake() = 0;

protected:
    ~Wakeable() = default;
};

class Signal final : public Wakeable {
public:
    explicit Signal(Executor executor) : executor_(executor) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    // Resumes the waiter at once, or lets the next wait() return at once. Only from Asio handlers:
    // the waiter runs inside this call.
    void wake() override {
        raised_ = true;
        resume();
    }

    // The same from within another coroutine: the waiter runs later.
    void wake_later() {
        raised_ = true;
        if (!waiting_ || posted_) return;
        posted_ = true;
        asio::post(executor_, [this, alive = std::weak_ptr<bool>(alive_)] {
            if (alive.expired()) return;
            posted_ = false;
            resume();
        });
    }

    // Returns once raised since the last wait() returned. One waiter only.
    Async<void> wait() {
        if (!raised_) {
            UseAwaitable token;
            co_await asio::async_initiate<UseAwaitable, void()>(Keep{this}, token);
        }
        raised_ = false;
    }

private:
    using Handler = asio::async_result<UseAwaitable, void()>::handler_type;

    struct Keep {
        Signal* signal;
        void operator()(Handler handler) const { signal->waiting_.emplace(std::move(handler)); }
    };

    void resume() {
        if (!waiting_) return;
        Handler handler = std::move(*waiting_);
        waiting_.reset();
        std::move(handler)();
    }

    Executor executor_;
    std::optional<Handler> waiting_{};
    bool raised_ = false;
    bool posted_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace backstop::proxy
