// The order of the rules for one who asks:
//   1. The gate is open, and it is one's turn, or the turn would come too late: go.
//   2. It has been closed for a minute since the last 429 or trial, and the request is repeatable:
//      go, as a trial.
//   3. The gate opens too late, or there is no free seat: refuse.
//   4. Wait for one's turn, and ask again then.
#include "policy/gate.hpp"

#include <algorithm>

namespace backstop::policy {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration longest_release = seconds(1);  // of a whole queue
constexpr Duration longest_spacing = milliseconds(10);
constexpr Duration concurrency_first = seconds(5);
constexpr Duration concurrency_longest = seconds(60);

}  // namespace

Gate::Answer Gate::ask(bool repeatable, Place& place, Instant latest, Instant now) {
    using What = Answer::What;
    const bool open = !closed(now);
    if (open && (place.number == 0 || turn(place) <= now || turn(place) > latest)) {
        leave(place, now);
        return Answer{.what = What::go};
    }
    if (!open && repeatable && trial_due(now)) {
        tried_at_ = now;
        leave(place, now);
        return Answer{.what = What::go, .trial = true};
    }
    if (place.number == 0 && waiting_ < options_.queue) take_seat(place);
    const Instant until = place.number == 0 ? until_ : turn(place);
    if (until > latest) {
        leave(place, now);
        return Answer{.what = What::refuse, .until = until_, .why = Denied::deadline};
    }
    if (place.number == 0)
        return Answer{.what = What::refuse, .until = until_, .why = Denied::queue};
    return Answer{.what = What::wait, .until = until};
}

void Gate::leave(Place& place, Instant /*now*/) {
    if (place.number == 0) return;
    const auto seat = static_cast<std::size_t>(place.number - 1);
    place.number = 0;
    seats_[seat] = false;
    first_free_ = std::min(first_free_, seat);
    --waiting_;
}

void Gate::close(Instant until, Kind kind, Instant now) {
    if (!options_.enabled) return;
    if (kind == Kind::concurrency) until = concurrency_until(until, now);
    refused_at_ = tried_at_ = now;
    if (until <= until_) return;
    until_ = until;
    kind_ = kind;
}

// The 429s of one burst, which arrive while the gate is closed already, are one event.
Instant Gate::concurrency_until(Instant hinted, Instant now) {
    if (!closed(now) || concurrency_pause_ == Duration::zero())
        concurrency_pause_ =
            std::clamp(concurrency_pause_ * 2, concurrency_first, concurrency_longest);
    return now + std::clamp(hinted - now, concurrency_pause_, concurrency_longest);
}

void Gate::succeeded(Instant begun, Instant now) {
    if (!after_last_429(begun)) return;
    concurrency_pause_ = Duration::zero();
    open(now);
}

void Gate::rejected(Instant begun, Instant now) {
    if (after_last_429(begun) && kind_ == Kind::rate) open(now);
}

void Gate::open(Instant now) {
    if (!closed(now)) return;
    until_ = now;
    ++generation_;
}

// A gate that is about to open is left to open: a server's delay of a minute, and what we add to
// it, is not cut short by a trial.
bool Gate::trial_due(Instant now) const {
    return now - tried_at_ >= options_.trial_after && until_ - now > options_.trial_after / 10;
}

Duration Gate::spacing() const {
    return std::min(longest_spacing, longest_release / std::max(options_.queue, 1));
}

Instant Gate::turn(Place place) const {
    return until_ + spacing() * static_cast<Duration::rep>(place.number - 1);
}

void Gate::take_seat(Place& place) {
    while (first_free_ < seats_.size() && seats_[first_free_])
        ++first_free_;
    if (first_free_ == seats_.size()) seats_.push_back(false);
    seats_[first_free_] = true;
    place.number = ++first_free_;
    ++waiting_;
}

void Gate::reconfigure(Options options) {
    options_ = options;
    if (options_.enabled) return;
    // Nobody is held any more.
    until_ = Instant{};
    ++generation_;
}

}  // namespace backstop::policy
