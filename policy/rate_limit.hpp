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
        std::optional<WallTime> reset{};
        Moment observed{};
    };

    explicit RateLimitTracker(Duration window) : window_(window) {}

    void observe(const Observation& observation, Moment now);
    // Nothing until observed, and nothing once the window it spoke of is over (by reset, or one
    // window after the observation).
    std::optional<State> state(Moment now) const;
    // As last observed, for gauges with their own observation time.
    const std::optional<State>& last() const { return last_; }
    // Used / limit; may be above 1 in a grace zone. Nothing without both numbers.
    std::optional<double> used_ratio(Moment now) const;

private:
    Duration window_;
    std::optional<State> last_{};
};

}  // namespace backstop::policy
