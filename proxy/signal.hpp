// How a coroutine waits for "something happened", whatever it is: bytes on either side, room to
// write, a deadline, a free connection. Everything that can happen raises the one Signal of the
// exchange; the coroutine then looks at the state of things. So a single coroutine can move bytes
// in both directions, notice that a client has left, and keep its deadlines, without one task for
// each.
#pragma once

#include "proxy/async.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace backstop::proxy {

// Whoever wants to hear that a Stream has news.
class Wakeable {
public:
    virtual void wake() = 0;

protected:
    ~Wakeable() = default;
};

// Thrown by quiet() and wait() once the process stops: unwinds a coroutine wherever it waits.
struct Stopped {};

class Signal final : public Wakeable {
public:
    explicit Signal(Executor executor) : executor_(std::move(executor)) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    // Resumes the waiter at once, or is remembered until the next quiet(). Only from Asio handlers:
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

    // From now on quiet() and wait() throw Stopped.
    void stop() {
        stopped_ = true;
        wake_later();
    }

    // Nothing was raised since the last quiet() or wait(), so that the caller has to wait. Two
    // steps, because to enter a coroutine is what costs:
    //     if (signal.quiet()) co_await signal.wait();
    bool quiet() {
        if (stopped_) throw Stopped();
        return !std::exchange(raised_, false);
    }
    // Returns once raised. One waiter only.
    Async<void> wait();

private:
    using Signature = void(std::exception_ptr);
    using Handler = asio::async_result<UseAwaitable, Signature>::handler_type;

    class Keep {
    public:
        explicit Keep(Signal* signal) : signal_(signal) {}
        void operator()(Handler handler) const { signal_->waiting_.emplace(std::move(handler)); }

    private:
        Signal* signal_;
    };

    void resume() {
        if (!waiting_) return;
        Handler handler = std::move(*waiting_);
        waiting_.reset();
        raised_ = false;
        std::move(handler)(stopped_ ? std::make_exception_ptr(Stopped()) : nullptr);
    }

    Executor executor_;
    std::optional<Handler> waiting_{};
    bool raised_ = false;
    bool posted_ = false;
    bool stopped_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace backstop::proxy
