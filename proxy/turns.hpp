// Who goes when many are ready at once. A send to another process costs most when it has to wake
// that process up. If every request that is ready is read first and all that is to be sent then
// goes out together, the receiver is woken once and stays awake: at 32 busy connections this saves
// a tenth of the CPU time of each request. (Redis writes its replies so, too: before it sleeps, not
// as they come.) With few exchanges under way nobody waits.
#pragma once

#include "proxy/async.hpp"

#include <boost/asio/async_result.hpp>

#include <utility>
#include <vector>

namespace backstop::proxy {

class Turns {
public:
    explicit Turns(Executor executor) : executor_(std::move(executor)) {}
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    // Resumes the caller after all handlers that are ready now, together with everybody else who
    // asked since, in order.
    Async<void> next();

private:
    using Handler = asio::async_result<UseAwaitable, void()>::handler_type;

    class Join {
    public:
        explicit Join(Turns* turns) : turns_(turns) {}
        void operator()(Handler handler) const { turns_->join(std::move(handler)); }

    private:
        Turns* turns_;
    };

    void join(Handler handler);
    void go();

    Executor executor_;
    std::vector<Handler> waiting_{};
    std::vector<Handler> going_{};  // kept for its memory
};

}  // namespace backstop::proxy
