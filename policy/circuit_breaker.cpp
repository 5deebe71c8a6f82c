#include "policy/circuit_breaker.hpp"

#include <algorithm>

namespace backstop::policy {

namespace {

constexpr int successes_to_close = 2;
// While a probe is under way nobody knows how it ends: ask again soon.
constexpr Duration probe_pause = std::chrono::seconds(1);
constexpr Duration longest_extension = std::chrono::minutes(5);

}  // namespace

CircuitBreaker::CircuitBreaker(Options options)
    : options_(options),
      attempts_(options.window, SlidingCount::Cover::at_most),
      failures_(options.window, SlidingCount::Cover::at_most) {}

CircuitBreaker::Ticket CircuitBreaker::admit(bool repeatable, Instant now) {
    Ticket ticket;
    ticket.admitted = true;
    ticket.begun = now;
    ticket.opening = openings_;
    if (phase_ == Phase::closed) return ticket;
    if (now < until_) return refused(until_ - now);
    if (!noticed_) {
        noticed_ = true;
        ++transitions_.half_open;
    }
    if (probing_since_ && now < *probing_since_ + period_) {
        const Duration left = *probing_since_ + period_ - now;
        return refused(std::min(probe_pause, left));
    }
    if (!repeatable && now < any_from_) return refused(any_from_ - now);
    return probe(repeatable, now);
}

CircuitBreaker::Ticket CircuitBreaker::refused(Duration retry_after) const {
    Ticket ticket;
    ticket.retry_after = retry_after;
    ticket.opening = openings_;
    return ticket;
}

CircuitBreaker::Ticket CircuitBreaker::probe(bool repeatable, Instant now) {
    Ticket ticket;
    ticket.admitted = true;
    ticket.probe = true;
    ticket.single_attempt = !repeatable;
    ticket.begun = now;
    ticket.opening = openings_;
    probing_since_ = now;
    return ticket;
}

void CircuitBreaker::succeeded(const Ticket& ticket, Instant now) {
    if (!ticket.admitted || ticket.opening != openings_) return;
    if (phase_ == Phase::closed) {
        attempts_.add(now);
        consecutive_ = 0;
    } else if (ticket.probe) {
        probe_ended(ticket);
        // Repeatable requests do come: prefer them for one more period.
        if (!ticket.single_attempt) any_from_ = std::max(any_from_, now + period_);
        if (++successes_ >= successes_to_close) close();
    }
}

void CircuitBreaker::failed(const Ticket& ticket, Instant now, Duration asked) {
    if (!options_.enabled || !ticket.admitted || ticket.opening != openings_) return;
    if (phase_ == Phase::closed) {
        attempts_.add(now);
        failures_.add(now);
        ++consecutive_;
        if (!trips(now)) return;
        period_ = options_.open;
        open(now, asked);
    } else if (ticket.probe) {
        period_ = std::min(period_ * 2, std::max(options_.max_open, options_.open));
        open(now, asked);
    }
}

void CircuitBreaker::abandoned(const Ticket& ticket, Instant /*now*/) {
    if (ticket.probe && ticket.opening == openings_) probe_ended(ticket);
}

// One that has outlived its turn does not end the turn of the probe after it.
void CircuitBreaker::probe_ended(const Ticket& ticket) {
    if (probing_since_ == ticket.begun) probing_since_.reset();
}

bool CircuitBreaker::trips(Instant now) const {
    if (consecutive_ >= options_.consecutive_failures) return true;
    const auto attempts = static_cast<double>(attempts_.count(now));
    const auto failures = static_cast<double>(failures_.count(now));
    return attempts >= options_.min_attempts && failures >= options_.failure_ratio * attempts;
}

void CircuitBreaker::open(Instant now, Duration asked) {
    phase_ = Phase::open;
    ++transitions_.open;
    ++openings_;
    until_ = now + std::max(period_, std::min(asked, longest_extension));
    any_from_ = until_ + period_;
    noticed_ = false;
    probing_since_.reset();
    successes_ = 0;
}

void CircuitBreaker::close() {
    phase_ = Phase::closed;
    ++transitions_.closed;
    consecutive_ = 0;
    attempts_.clear();
    failures_.clear();
}

CircuitBreaker::State CircuitBreaker::state(Instant now) const {
    if (phase_ == Phase::closed) return State::closed;
    return now < until_ ? State::open : State::half_open;
}

Duration CircuitBreaker::open_for(Instant now) const {
    return state(now) == State::open ? until_ - now : Duration::zero();
}

void CircuitBreaker::reconfigure(Options options) {
    const bool other_window = options.window != options_.window;
    options_ = options;
    if (other_window) {
        attempts_ = SlidingCount(options.window, SlidingCount::Cover::at_most);
        failures_ = SlidingCount(options.window, SlidingCount::Cover::at_most);
    }
    if (!options.enabled && phase_ != Phase::closed) close();
}

}  // namespace backstop::policy
