// The life of an exchange is a conversation: before each attempt the gates are asked, after each
// attempt its outcome is judged, and in the end there is one answer.
//
// Before an attempt, the gates, in this order. Each says go, wait, or no. After a wait all of them
// are asked anew, because the world may have changed meanwhile.
//
//   1. The deadline, or the end of the drain time: nothing begins after it.
//   2. The breaker. Its ticket is held only while an attempt is under way, so that a request which
//      waits for something else never keeps the one probe from others.
//   3. The rate gate: where the API has said "not before", nobody goes before.
//   4. Pacing: near the limit each attempt begins a little later than it could. This is a courtesy
//      of ours: time already waited counts, and it never costs a request its answer.
//
// After an attempt:
//
//   1. The clock offset takes note of the response's Date, so that a date in this very response is
//      understood rightly.
//   2. classify() says what the outcome means under the dialect.
//   3. The keep-alive race: a reused connection that died before one byte of a response proves
//      nothing about the upstream. Once in an exchange it is tried again at once, on a fresh one,
//      outside the attempt count; but where one attempt is all that is allowed, only if nothing of
//      the request was written: "never retry" means that the API sees it once.
//   4. Breaker, limits, quota and gate take note. A usable response counts for the breaker once it
//      is committed: until then its body may still break, and then it was a failure.
//   5. would_retry() judges. A retry is paid from the budget, waits, and asks the gates.
//   6. Otherwise the exchange is finished.
//
// Who gets which answer is in plan_answer.cpp; what an outcome leaves behind, in plan_notes.cpp.
#include "policy/plan.hpp"

#include <algorithm>
#include <utility>

namespace backstop::policy {
namespace {

// Such a request changes nothing, so that nobody needs to know what became of it (RFC 9110 9.2.1).
bool is_safe_method(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

Duration lowered(Duration ours, std::optional<Duration> wish) {
    return wish ? std::clamp(*wish, Duration::zero(), ours) : ours;
}

int lowered(int ours, std::optional<int> wish) {
    return std::max(1, wish ? std::min(ours, *wish) : ours);
}

}  // namespace

Plan::Plan(
    const Rules& rules,
    const Route& route,
    Standing& standing,
    const Request& request,
    Moment now,
    Roll roll
)
    : rules_(rules),
      route_(route),
      standing_(standing),
      roll_(std::move(roll)),
      keyed_(route.keyed && request.key != KeySource::none),
      repeatable_(is_repeatable(rules.retry, route, request.method, request.key)),
      writes_(!is_safe_method(request.method)),
      keyless_(request.key == KeySource::none),
      minted_(request.key == KeySource::minted),
      credential_(rules.dialect->limits_per_address ? 0 : request.credential),
      attempts_allowed_(lowered(route.attempts, request.attempts_wish)),
      patience_(lowered(route.deadline, request.timeout_wish)),
      body_kept_(request.body_kept),
      deadline_(now.steady + patience_),
      made_(request.earlier.attempts),
      // Who cannot be sent again after a lost keep-alive race does not enter it.
      fresh_(!repeatable_ || attempts_allowed_ == 1 || !body_kept_ || observing()),
      may_have_acted_(keyed_ && request.earlier.unknown),
      ready_(now.steady),
      seen_(now) {
    record_.patience = patience_;
    record_.timeout_wish = request.timeout_wish;
    record_.attempts_wish = request.attempts_wish;
    if (writes_ && request.earlier.unknown) record_.ambiguous = Record::Ambiguous::unknown;
}

Plan::~Plan() {
    if (delivering_) committed(seen_);
    cancel_retry(seen_);
    abandon_ticket(seen_);
}

void Plan::committed(Moment now) {
    delivering_ = false;
    seen_ = now;
    if (ticket_) standing_.breaker.succeeded(*std::exchange(ticket_, {}), now.steady);
}

Instant Plan::restart_deadline(Moment now) {
    deadline_ = now.steady + patience_;
    give_up_ = give_up_at(now.steady);
    return give_up_;
}

const Gate& Plan::gate() const {
    return standing_of(route_.scope).gate;
}

const RateLimitTracker& Plan::limits() const {
    return standing_of(route_.scope).limits;
}

// --- Before an attempt ---

Step Plan::start(Moment now) {
    const Step step = pass_gates(now);
    return observing() ? forward(step, now) : step;
}

Step Plan::resume(Moment now) {
    seen_ = now;
    if (retry_at_ && !body_kept_) return refuse({last_->reason, Denied::body, {}}, now);
    if (!retry_at_ || now.steady >= retry_at_->until) return pass_gates(now);
    // Woken early: what the server asked for is not shortened. But there may be less time now.
    if (retry_at_->until <= end() - least_time_left) return *retry_at_;
    return refuse({.reason = Reason::draining, .denied = Denied::draining}, now);
}

Step Plan::pass_gates(Moment now) {
    seen_ = now;
    if (auto instead = ask_time(now)) return *instead;
    if (auto instead = ask_breaker(now)) return *instead;
    if (auto instead = ask_gate(now)) return *instead;
    if (auto instead = ask_pacer(now)) return *instead;
    return send(now);
}

std::optional<Step> Plan::ask_time(Moment now) {
    if (now.steady < end()) return std::nullopt;
    if (draining()) return refuse({.reason = Reason::draining, .denied = Denied::draining}, now);
    return refuse({.reason = Reason::timeout, .denied = Denied::deadline}, now);
}

std::optional<Step> Plan::ask_breaker(Moment now) {
    const CircuitBreaker::Ticket ticket = standing_.breaker.admit(repeatable_, now.steady);
    if (!ticket.admitted)
        return refuse({Reason::circuit_open, Denied::breaker, ticket.retry_after}, now);
    ticket_ = ticket;
    single_attempt_ = ticket.single_attempt;
    return std::nullopt;
}

std::optional<Step> Plan::ask_gate(Moment now) {
    Gate& gate = standing_of(route_.scope).gate;
    const Gate::Answer answer = gate.ask(repeatable_, place_, end() - least_time_left, now.steady);
    if (answer.what == Gate::Answer::What::go) return std::nullopt;
    if (answer.what == Gate::Answer::What::wait)
        return hold({answer.until, WaitSource::gate, Reason::rate_limited}, now);
    Denied why = answer.why.value_or(Denied::deadline);
    if (why == Denied::deadline && draining()) why = Denied::draining;
    return refuse({Reason::rate_limited, why, answer.until - now.steady}, now);
}

std::optional<Step> Plan::ask_pacer(Moment now) {
    // A trial goes through a closed gate, and there is no window to spread requests over.
    if (standing_of(route_.scope).gate.closed(now.steady)) return std::nullopt;
    Duration pace{};
    for (const LimitShape& shape : rules_.dialect->limits) {
        const auto state = standing_of(scope_of(shape)).limits.state(now);
        pace = std::max(pace, Pacer::delay(rules_.pacer, state, shape.window, now));
    }
    const Instant until = ready_ + pace;
    if (until <= now.steady || until > end() - least_time_left) return std::nullopt;
    return hold({until, WaitSource::pace, Reason::rate_limited}, now);
}

Step Plan::hold(const Wait& wait, Moment now) {
    abandon_ticket(now);
    if (wait_source_ == WaitSource::none) wait_source_ = wait.source;
    return wait;
}

Step Plan::refuse(const Refusal& refusal, Moment now) {
    abandon_ticket(now);
    record_.denied = refusal.denied;
    return finish(now, &refusal);
}

Step Plan::send(Moment now) {
    ++made_;
    if (!std::exchange(begun_, true)) standing_.budget.request_begun(now.steady);
    if (retry_at_) record_.retries.back().made = true;
    retry_at_.reset();
    reserved_.reset();
    waited_ = now.steady - ready_;
    return attempt(now);
}

Step Plan::attempt(Moment now) {
    sent_ = now;
    give_up_ = give_up_at(now.steady);
    return Send{.attempt = made_, .give_up_at = give_up_, .fresh = fresh_};
}

Instant Plan::give_up_at(Instant from) const {
    const auto left = static_cast<double>((end() - from).count());
    const double time = static_cast<double>(route_.attempt.count()) * attempt_factor_;
    // As we only watch in mode `observe`, nothing is cut short for the sake of a second attempt.
    if (observing() || time >= left) return end();
    return from + Duration(static_cast<Duration::rep>(time));
}

// --- After an attempt ---

Step Plan::after(const Outcome& outcome, Moment now) {
    seen_ = now;
    learn_clock(outcome, now);
    const Classification meaning = classify(*rules_.dialect, outcome, standing_.clock, now);
    note_attempt(outcome, meaning, now);
    note_evidence(outcome, meaning);
    note_answer(outcome, meaning, now);
    delivering_ = false;
    if (lost_race(outcome, now)) return race(now);
    tell_breaker(outcome, meaning, now);
    tell_limits(outcome, meaning, now);
    const Step step = decide(meaning, now);
    if (observing()) return forward(step, now);
    if (std::holds_alternative<Wait>(step)) last_->there = last_->kept;
    return step;
}

bool Plan::lost_race(const Outcome& outcome, Moment now) const {
    const auto* failure = std::get_if<Failure>(&outcome);
    if (!failure || !failure->reused || failure->answered_any) return false;
    const bool died = failure->kind == FailureKind::reset || failure->kind == FailureKind::send;
    const bool again = (repeatable_ && attempts_allowed_ > 1) || !failure->written_any;
    return died && again && body_kept_ && !raced_ && !observing() && now.steady < end();
}

// A full pool is of our own making, and is not held against the upstream.
Step Plan::crowded(Moment now) {
    constexpr Duration worth_another_try = std::chrono::seconds(1);
    seen_ = now;
    abandon_ticket(now);
    if (now.steady < end()) {
        --made_;  // the same one is yet to be made
        return observing() ? send_unasked(now) : pass_gates(now);
    }
    unsent(now);
    Refusal refusal{Reason::timeout, Denied::queue, worth_another_try, true};
    if (draining() && now.steady >= end()) refusal = {Reason::draining, Denied::draining, {}};
    if (!observing()) return refuse(refusal, now);
    record_.denied = refusal.denied;
    return error_of_ours(refusal.reason, &refusal, now);
}

void Plan::unsent(Moment now) {
    abandon_ticket(now);
    const bool raced = record_.counted_attempts() == made_;
    if (!raced && !record_.retries.empty()) record_.retries.back().made = false;
}

Step Plan::race(Moment now) {
    raced_ = fresh_ = true;
    waited_ = Duration::zero();
    return attempt(now);
}

RetryFacts Plan::facts(Moment now) const {
    const Gate& rate_gate = gate();
    RetryFacts known;
    known.may_repeat = repeatable_ || rules_.retry.unsafe == Unsafe::always;
    known.body_kept = body_kept_;
    known.single_attempt = single_attempt_;
    known.made = made_;
    known.allowed = attempts_allowed_;
    known.left = end() - now.steady;
    known.draining = draining();
    known.breaker_open = standing_.breaker.open_for(now.steady);
    if (rate_gate.closed(now.steady)) known.gate_closed = rate_gate.until() - now.steady;
    known.budget = standing_.budget.tokens(now.steady);
    return known;
}

Step Plan::decide(const Classification& meaning, Moment now) {
    // A no remains one, also if its body then breaks off on the way to the client.
    settled_ |= meaning.retry == Retry::never && meaning.verdict != Verdict::ok;
    if (settled_ || meaning.retry == Retry::never) return finish(now);
    RetryJudgement judgement{
        .attempt = record_.attempts.size(),
        .facts = facts(now),
        .hint = meaning.hint,
        .roll = roll_(),
        .clock_offset = standing_.clock.offset()};
    Decision& decision = judgement.decision;
    decision = would_retry(rules_.retry, meaning, judgement.facts, judgement.roll);
    record_.denied = decision.denied;
    record_.judgement = judgement;
    if (decision.action == Decision::Action::finish) return finish(now);
    if (!decision.free && standing_.budget.reserve(now.steady)) reserved_ = now.steady;
    return schedule(decision, meaning, now);
}

Step Plan::schedule(const Decision& decision, const Classification& meaning, Moment now) {
    const Duration wait = decision.delay.wait;
    const WaitSource source = decision.delay.source;
    if (meaning.rule) attempt_factor_ *= meaning.rule->timeout_factor;
    record_.retries.push_back({decision.reason, source, wait});
    wait_source_ = source;
    retry_at_ = Wait{now.steady + wait, source, decision.reason};
    return *retry_at_;
}

// --- What it holds of what exchanges share ---

void Plan::cancel_retry(Moment now) {
    if (place_.number != 0) standing_of(route_.scope).gate.leave(place_, now.steady);
    if (reserved_) standing_.budget.refund(*reserved_);
    reserved_.reset();
    retry_at_.reset();
}

void Plan::abandon_ticket(Moment now) {
    if (ticket_) standing_.breaker.abandoned(*std::exchange(ticket_, {}), now.steady);
}

}  // namespace backstop::policy
