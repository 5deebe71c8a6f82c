#pragma once

// The minute of one account. Requests that were let in stay in it; refused ones never enter, or
// else a client that hammers would never be let in again and the promised wait would be a lie.
//
// A rolling window forgets each request when it has been there for the whole length. A fixed one
// begins with its first request and forgets all of them at its end, which is what an API that tells
// the time of a reset means.

#include <chrono>
#include <cstdint>
#include <deque>

namespace simulator {

class RateWindow {
public:
    enum class Kind {
        rolling,
        fixed
    };

    explicit RateWindow(Kind kind) : kind_(kind) {}

    // Requests let in during the `length` that ends now.
    std::int64_t usage(std::chrono::milliseconds now, std::chrono::milliseconds length);

    void add(std::chrono::milliseconds now) { let_in_.push_back(now); }

    // How long until the oldest request leaves the window; zero where it is empty.
    std::chrono::milliseconds until_oldest_leaves(
        std::chrono::milliseconds now, std::chrono::milliseconds length
    );

private:
    void expire(std::chrono::milliseconds now, std::chrono::milliseconds length);

    Kind kind_;
    std::deque<std::chrono::milliseconds> let_in_;
};

}  // namespace simulator
