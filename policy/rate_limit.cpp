#include "policy/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace backstop::policy {

namespace {

std::optional<double> sound(std::optional<double> number, double least) {
    if (number && (!std::isfinite(*number) || *number < least)) return std::nullopt;
    return number;
}

}  // namespace

std::optional<double> RateLimitTracker::State::used_ratio() const {
    if (!limit || *limit <= 0) return std::nullopt;
    if (used) return *used / *limit;
    if (remaining) return (*limit - *remaining) / *limit;
    return std::nullopt;
}

void RateLimitTracker::observe(const Observation& observation, Moment now) {
    const auto limit = sound(observation.limit, 0);
    const auto remaining = sound(observation.remaining, std::numeric_limits<double>::lowest());
    const auto used = sound(observation.used, 0);
    auto reset = observation.reset;
    if (reset && *reset <= now.wall) reset.reset();
    if (!limit && !remaining && !used && !reset) return;

    // Told how things stand, but not until when: what came with an earlier reset, which may be
    // hours away by mistake, is of another window.
    State next;
    if (const auto current = state(now); current && reset) next = *current;
    if (last_) next.limit = last_->limit;
    if (limit) next.limit = limit;
    if (used || remaining) {
        next.used = used;
        next.remaining = remaining;
        if (!remaining && next.limit) next.remaining = std::max(0.0, *next.limit - *used);
    }
    if (reset) next.reset = reset;
    next.observed = now;
    over_ = now.steady + (next.reset ? *next.reset - now.wall : window_);
    last_ = next;
}

std::optional<RateLimitTracker::State> RateLimitTracker::state(Moment now) const {
    if (!last_ || now.steady >= over_) return std::nullopt;
    return last_;
}

std::optional<double> RateLimitTracker::used_ratio(Moment now) const {
    const auto current = state(now);
    return current ? current->used_ratio() : std::nullopt;
}

}  // namespace backstop::policy
