// The delay before the n-th retry when the API does not say.
#pragma once

#include "policy/time.hpp"

namespace backstop::policy {

class Backoff {
public:
    struct Options {
        Duration base = std::chrono::seconds(1);
        double factor = 2.0;
        Duration max = std::chrono::seconds(60);
        Duration jitter = std::chrono::seconds(1);
    };

    // min(base * factor^(retry - 1), max) + roll * jitter; retry counts from 1, roll is in [0, 1).
    static Duration delay(const Options& options, int retry, double roll);
    // The same without jitter: what `max_wait` is compared with.
    static Duration floor(const Options& options, int retry);
};

}  // namespace backstop::policy
