#include "policy/pacer.hpp"

#include <algorithm>

namespace backstop::policy {

Duration Pacer::delay(
    const Options& options,
    const std::optional<RateLimitTracker::State>& state,
    Duration window,
    Moment now
) {
    if (!options.enabled || !state || !state->remaining) return Duration::zero();
    const bool nearly_used = state->used_ratio().value_or(0) > options.above;
    const bool little_left = *state->remaining < options.below;
    if (!nearly_used && !little_left) return Duration::zero();

    const Duration left = state->reset ? *state->reset - now.wall : window;
    const double share = static_cast<double>(left.count()) / std::max(1.0, *state->remaining);
    const auto longest = static_cast<double>(options.max_delay.count());
    return Duration(static_cast<Duration::rep>(std::clamp(share, 0.0, longest)));
}

}  // namespace backstop::policy
