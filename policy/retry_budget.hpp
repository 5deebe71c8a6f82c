// Bounds retries to a share of the traffic, so that an outage is not multiplied by us: over the
// last `window`, `ratio` of the requests plus `per_second` for each second. A retry reserves when
// it is decided and is refunded when it is cancelled. Retries after a 429 do not come here: the
// gate governs them.
#pragma once

#include "policy/time.hpp"

#include <deque>

namespace backstop::policy {

class RetryBudget {
public:
    struct Options {
        double ratio = 0.2;
        double per_second = 1.0;
        Duration window = std::chrono::seconds(10);
    };

    explicit RetryBudget(Options options) : options_(options) {}

    void request_begun(Instant now);
    bool reserve(Instant now);  // false: no retry
    void refund(Instant now);
    double tokens(Instant now) const;  // retries that would be granted right now
    void reconfigure(Options options) { options_ = options; }

private:
    Options options_;
};

}  // namespace backstop::policy
