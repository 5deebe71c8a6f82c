#include "policy/clock_offset.hpp"

#include <algorithm>

namespace backstop::policy {

namespace {

using std::chrono::seconds;

constexpr Duration resolution = seconds(1);  // of a Date
constexpr Duration sample_life = std::chrono::minutes(5);
constexpr Duration plausible = std::chrono::hours(24);

}  // namespace

void ClockOffset::observe(WallTime date, Moment sent, Moment received) {
    const Duration round_trip = received.steady - sent.steady;
    if (round_trip < Duration::zero()) return;

    // The sending is placed on the wall by the steady clock: the wall may have been set meanwhile.
    Sample sample;
    sample.lowest = date - received.wall;
    sample.highest = sample.lowest + round_trip + resolution;
    sample.offset = std::min((sample.lowest + sample.highest) / 2, sample.lowest + resolution);
    sample.round_trip = round_trip;
    sample.at = received.steady;
    if (sample.offset > plausible || sample.offset < -plausible) return;

    const bool better = !best_ || round_trip <= best_->round_trip;
    const bool stale = best_ && received.steady - best_->at >= sample_life;
    const bool contrary =
        best_ && (sample.lowest > best_->highest || sample.highest < best_->lowest);
    if (better || stale || contrary) best_ = sample;
}

std::optional<Duration> ClockOffset::offset() const {
    if (!best_) return std::nullopt;
    return best_->offset;
}

WallTime ClockOffset::to_ours(WallTime theirs) const {
    return theirs - (best_ ? best_->offset : Duration::zero());
}

}  // namespace backstop::policy
