// The end of an exchange. Its answer is the first of these that there is:
//
//   1. a usable response of the upstream's;
//   2. the route's fallback for the reason, but never for an answer that whoever sent the request
//      has to mend (400, 401, 403, 404, 409, 422);
//   3. the last attempt's response, untouched, with the delay that only its body had as a field;
//   4. an error of our own, which says when it is worth trying again where that is known, and that
//      the outcome is unknown where a write may have been acted on.
//
// A 409 on a later attempt, after an ambiguous one that was written whole with the same honoured
// key, proves that the earlier one had succeeded. A route can have a fallback for that.
//
// In mode `observe` all of this is decided too, but only noted: the request is forwarded just once,
// and what comes is passed on.
#include "policy/plan.hpp"
#include "policy/stands.hpp"

#include <algorithm>

namespace backstop::policy {
namespace {

// For error=connection_limit_reached RFC 9209 (2.3.12) recommends 503.
constexpr int crowded_status = 503;

// Of our own errors (behaviour, section 7).
int status_for(Reason reason) {
    switch (reason) {
        case Reason::rate_limited:
            return 429;
        case Reason::circuit_open:
        case Reason::draining:
            return 503;
        case Reason::timeout:
            return 504;
        default:
            return 502;
    }
}

}  // namespace

Step Plan::finish(Moment now, const Refusal* refusal) {
    cancel_retry(now);
    // For a fallback it counts first what the last attempt came to; for an error of ours, why there
    // is no other.
    const Reason no_other = refusal ? refusal->reason : last_->reason;
    const Reason came_to = last_ ? last_->reason : no_other;
    for (const Reason reason : {came_to, no_other})
        if (const Fallback* fallback = fallback_for(reason)) return substitute(reason, fallback);
    if (last_ && last_->there) return deliver(now);
    return error_of_ours(no_other, refusal, now);
}

Substitute Plan::error_of_ours(Reason reason, const Refusal* refusal, Moment now) const {
    Substitute ours = substitute(reason, nullptr);
    if (refusal) {
        ours.retry_after = refusal->retry_after;
        ours.crowded = refusal->crowded;
    }
    if (ours.crowded) ours.status = crowded_status;
    if (!ours.retry_after) ours.retry_after = worth_trying_after(now);
    return ours;
}

const Fallback* Plan::fallback_for(Reason reason) const {
    if (!rules_.fallbacks) return nullptr;
    if (last_ && stands(last_->verdict, last_->status) && reason != Reason::conflict_resolved)
        return nullptr;
    return route_.fallback_for(reason);
}

Step Plan::deliver(Moment now) {
    delivering_ = true;
    Deliver step{.reason = last_->reason};
    // What may not be sent again must not be sent again by the client's SDK either, unless it has
    // a key of its own and so knows what it does. A minted key does not come back: what the SDK
    // sends again is another write to the API, and the first one may have been acted on.
    const bool twice = minted_ && record_.ambiguous == Record::Ambiguous::unknown;
    const bool settled = made_ > 1 || twice || (record_.denied == Denied::unsafe && keyless_);
    step.final_failure = settled && last_->verdict != Verdict::ok;
    if (last_->delay_until)
        step.retry_after = std::max(*last_->delay_until - now.steady, Duration::zero());
    return step;
}

Substitute Plan::substitute(Reason reason, const Fallback* fallback) const {
    Substitute step{.reason = reason, .fallback = fallback};
    step.status = fallback ? fallback->status : status_for(reason);
    step.outcome_unknown = record_.ambiguous == Record::Ambiguous::unknown;
    if (!record_.attempts.empty()) {
        const AttemptRecord& attempt = record_.attempts.back();
        step.failure = attempt.failure;
        step.stage = attempt.stage;
        step.received_status = attempt.status;
    }
    return step;
}

// When an attempt would be let through again, if that is not now.
std::optional<Duration> Plan::worth_trying_after(Moment now) const {
    const RetryFacts known = facts(now);
    const Duration closed = std::max(known.breaker_open, known.gate_closed);
    return closed > Duration::zero() ? std::optional(closed) : std::nullopt;
}

Step Plan::forward(const Step& step, Moment now) {
    if (std::holds_alternative<Send>(step)) return step;
    if (const auto* wait = std::get_if<Wait>(&step))
        record_.foregone.push_back({wait->reason, wait->until - now.steady, wait->source});
    const auto* ours = std::get_if<Substitute>(&step);
    if (ours && (ours->fallback || !last_))
        record_.foregone.push_back({.reason = ours->reason, .fallback = ours->fallback != nullptr});
    cancel_retry(now);
    if (!last_) return send_unasked(now);
    if (!last_->there) return substitute(last_->reason, nullptr);
    delivering_ = true;
    return Deliver{.reason = last_->reason};
}

Step Plan::send_unasked(Moment now) {
    record_.denied.reset();
    const CircuitBreaker::Ticket ticket = standing_.breaker.admit(repeatable_, now.steady);
    if (ticket.admitted) ticket_ = ticket;
    return send(now);
}

}  // namespace backstop::policy
