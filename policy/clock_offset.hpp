// How far the upstream's clock is from ours, learned from its Date header (RFC 9110 6.6.1), so that
// a date or an epoch it names is waited for rightly. Responses with Age (a cache answered) and
// unreadable dates are ignored; of the recent samples the one with the smallest round trip counts.
//
// A Date is cut to whole seconds and written at some moment between `sent` and `received`: it was
// true within [date, date + 1 s). So one sample says that the offset lies between date - received
// and date + 1 s - sent, and the middle of that is taken: off by at most half a second and half the
// round trip. Beyond a round trip of one second the estimate is lowered, so that it never exceeds
// the truth by more than a second: whoever waits until a corrected date plus 1 s is never early.
//
// A sample is replaced by one with a shorter round trip, by any after five minutes, and at once by
// one that it cannot be reconciled with: then somebody has set a clock. Dates that are more than a
// day off are taken for nonsense, not for a clock.
#pragma once

#include "policy/time.hpp"

#include <optional>

namespace backstop::policy {

class ClockOffset {
public:
    // `date`: what the upstream said; `sent` and `received`: when we sent the request and got the
    // head, by our clocks.
    void observe(WallTime date, Moment sent, Moment received);
    // Upstream minus ours; nothing until observed.
    std::optional<Duration> offset() const;
    // The upstream's date in our wall time.
    WallTime to_ours(WallTime theirs) const;

private:
    struct Sample {
        Duration offset{};
        Duration lowest{};  // what the offset may be, from this sample alone
        Duration highest{};
        Duration round_trip{};
        Instant at{};
    };
    std::optional<Sample> best_{};
};

}  // namespace backstop::policy
