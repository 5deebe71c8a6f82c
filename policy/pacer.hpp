// Slows down before the limit instead of running into it: past `above` of the limit, or with fewer
// than `below` requests remaining, each request waits min(max_delay, window left / max(1,
// remaining)) (behaviour, section 5; "slow down" in the Sticky Calls guide).
#pragma once

#include "policy/rate_limit.hpp"
#include "policy/time.hpp"

#include <optional>

namespace backstop::policy {

class Pacer {
public:
    struct Options {
        bool enabled = true;
        double above = 0.9;  // of the limit used, 0 to 1
        double below = 10;   // remaining
        Duration max_delay = std::chrono::seconds(1);
    };

    // How long this request is to be held; zero: not at all. `window`: the dialect's, for an API
    // that sends no reset; with one, what is left until it counts.
    static Duration delay(
        const Options& options,
        const std::optional<RateLimitTracker::State>& state,
        Duration window,
        Moment now
    );
};

}  // namespace backstop::policy
