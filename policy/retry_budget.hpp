// Bounds retries to a share of the traffic, so that an outage is not multiplied by us: over the
// last `window`, `ratio` of the requests plus `per_second` for each second. A retry reserves when
// it is decided and is refunded when it is cancelled. Retries after a 429 do not come here: the
// gate governs them.
//
// The share per second counts for the whole window at once, so that one failed request of a quiet
// service, or of one just started, gets its retries. But what was granted early leaves the window
// while its requests are still in it; so the same bound holds from the first request on as well:
// 1,000 failing requests are sent 1,200 times and once more for each second that they took.
//
// Windows are kept in slices; requests are counted over slightly less than the window and retries
// over slightly more, so that the bound holds exactly for every window that ends at a retry.
#pragma once

#include "policy/sliding_count.hpp"
#include "policy/time.hpp"

#include <cstdint>
#include <optional>

namespace backstop::policy {

class RetryBudget {
public:
    struct Options {
        double ratio = 0.2;
        double per_second = 1.0;
        Duration window = std::chrono::seconds(10);
        friend bool operator==(const Options&, const Options&) = default;
    };

    explicit RetryBudget(Options options);

    void request_begun(Instant now);
    bool reserve(Instant now);  // false: no retry
    // Would so many tokens grant one?
    static constexpr bool grants(double tokens) { return tokens >= 1.0; }
    void refund(Instant reserved);     // the retry reserved at that moment is not made
    double tokens(Instant now) const;  // retries that would be granted right now; not rounded
    // A reload: other options begin a new count.
    void reconfigure(Options options);

private:
    // Of all that was ever counted, where the window says nothing.
    struct SinceStart {
        std::optional<Instant> first_request{};
        std::uint64_t requests = 0;
        std::uint64_t retries = 0;
    };
    double window_share() const;  // of the share per second

    Options options_;
    SlidingCount requests_;
    SlidingCount retries_;
    SinceStart ever_{};
};

}  // namespace backstop::policy
