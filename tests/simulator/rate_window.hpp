#pragma once

// The rolling minute of one organisation. Requests that were let in stay in the window for its
// whole length; refused ones do not, or else a client that hammers would never be let in again and
// the promised retryAfter would be a lie.

#include <chrono>
#include <cstdint>
#include <deque>

namespace simulator {

class RateWindow {
public:
    // Requests let in during the `length` that ends now.
    std::int64_t usage(std::chrono::milliseconds now, std::chrono::milliseconds length);

    void add(std::chrono::milliseconds now) { let_in_.push_back(now); }

    // How long until the oldest request leaves the window; zero where it is empty.
    std::chrono::milliseconds until_oldest_leaves(
        std::chrono::milliseconds now, std::chrono::milliseconds length
    );

private:
    void expire(std::chrono::milliseconds now, std::chrono::milliseconds length);

    std::deque<std::chrono::milliseconds> let_in_;
};

}  // namespace simulator
