// How far the upstream's clock is from ours, learned from its Date header (RFC 9110 6.6.1), so that
// a date or an epoch it names is waited for rightly. Responses with Age (a cache answered) and
// unreadable dates are ignored; of the recent samples the one with the smallest round trip counts.
#pragma once

#include "policy/time.hpp"

#include <optional>

namespace backstop::policy {

class ClockOffset {
public:
    // `date`: what the upstream said; `sent` and `received`: when we sent the request and got the
    // head, by our clocks. Date has a resolution of one second.
    void observe(WallTime date, Moment sent, Moment received);
    // Upstream minus ours; nothing until observed.
    std::optional<Duration> offset() const;
    // The upstream's date in our wall time.
    WallTime to_ours(WallTime theirs) const;

private:
    struct Sample {
        Duration offset{};
        Duration round_trip{};
        Instant at{};
    };
    std::optional<Sample> best_{};
};

}  // namespace backstop::policy
