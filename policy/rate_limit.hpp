// The windows that the upstream told us about, one per scope of a dialect. Absent until observed.
#pragma once

#include "policy/time.hpp"

#include <optional>

namespace backstop::policy {

class RateLimitTracker {
public:
    struct Observation {
        std::optional<double> limit{};
        std::optional<double> remaining{};
        std::optional<double> used{};
        std::optional<WallTime> reset{};  // already corrected by the clock offset
    };
    struct State {
        std::optional<double> limit{};
        std::optional<double> remaining{};
        std::optional<double> used{};  // where the API says it; may be above the limit
        std::optional<WallTime> reset{};
        Moment observed{};

        // Used / limit; may be above 1 in a grace zone. Nothing without both numbers.
        std::optional<double> used_ratio() const;
    };

    // `window`: how long an observation holds where the API sends no reset.
    explicit RateLimitTracker(Duration window) : window_(window) {}

    // What an observation with a reset leaves out is kept from the one before while its window
    // runs. One without a reset begins anew, for one `window`. The limit itself is kept always. An
    // observation of nothing changes nothing. Numbers that cannot be (not finite, a negative limit)
    // are as if absent, and so is a reset that is over already: the clocks disagree, so it tells
    // nothing.
    void observe(const Observation& observation, Moment now);
    // Nothing until observed, and nothing once the window it spoke of is over (by reset, or one
    // window after the observation).
    std::optional<State> state(Moment now) const;
    // As last observed, for gauges with their own observation time.
    const std::optional<State>& last() const { return last_; }
    std::optional<double> used_ratio(Moment now) const;
    void reconfigure(Duration window) { window_ = window; }

private:
    Duration window_;
    std::optional<State> last_{};
    // On the steady clock, so that setting the time of day neither ends a window nor prolongs it.
    Instant over_{};
};

}  // namespace backstop::policy
