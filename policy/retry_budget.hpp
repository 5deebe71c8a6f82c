// Bounds retries to a share of the traffic, so that an outage is not multiplied by us: over the
// last `window`, `ratio` of the requests plus `per_second` for each second. A retry reserves when
// it is decided and is refunded when it is cancelled. Retries after a 429 do not come here: the
// gate governs them.
//
// The share per second counts for the whole window at once where traffic is low, so that one failed
// request of a quiet service, or of one just started, gets its retries. Under a burst it adds to
// the ratio only as seconds pass: what 1,000 failing requests may cost is 200 retries and one for
// each second since the first of them.
//
// Windows are kept in slices; requests are counted over slightly less than the window and retries
// over slightly more, so that the bound holds exactly for every window that ends at a retry.
#pragma once

#include "policy/sliding_count.hpp"
#include "policy/time.hpp"

#include <optional>

namespace backstop::policy {

class RetryBudget {
public:
    struct Options {
        double ratio = 0.2;
        double per_second = 1.0;
        Duration window = std::chrono::seconds(10);
    };

    explicit RetryBudget(Options options);

    void request_begun(Instant now);
    bool reserve(Instant now);         // false: no retry
    void refund(Instant reserved);     // the retry reserved at that moment is not made
    double tokens(Instant now) const;  // retries that would be granted right now; not rounded
    // A reload: what has been counted stays, unless the window is another one.
    void reconfigure(Options options);

private:
    double allowance(Instant now) const;

    Options options_;
    SlidingCount requests_;
    SlidingCount retries_;
    std::optional<Instant> first_request_{};
};

}  // namespace backstop::policy
