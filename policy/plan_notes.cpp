// The Plan's bookkeeping: what an outcome leaves behind, in the record of the exchange and in the
// state that exchanges share. What follows from it is decided in plan.cpp.
#include "policy/date.hpp"
#include "policy/judgement.hpp"
#include "policy/plan.hpp"

#include <algorithm>
#include <utility>

namespace backstop::policy {
namespace {

constexpr int conflict = 409;
constexpr int request_timeout = 408;
constexpr int misdirected_request = 421;
constexpr int too_many_requests = 429;
constexpr int service_unavailable = 503;

bool written_all(const Outcome& outcome) {
    return std::visit([](const auto& either) { return either.written_all; }, outcome);
}

// A no of the API's own to this very request, whatever its reason: credentials, payment, content.
// Not so a 5xx or a 429 that a dialect calls final, nor a 408, which may come from something on the
// way that never asked the API.
bool is_judgement(const Outcome& outcome, const Classification& meaning) {
    const auto* head = std::get_if<ResponseHead>(&outcome);
    if (meaning.verdict != Verdict::rejected && meaning.verdict != Verdict::quota_spent)
        return false;
    return head != nullptr && !is_server_error(head->status) && head->status != request_timeout &&
           head->status != too_many_requests;
}

}  // namespace

LimitStanding& Plan::standing_of(std::string_view scope) const {
    return standing_.limits(scope, credential_);
}

// A limit that the dialect gives no scope of its own belongs to the group of the route.
std::string_view Plan::scope_of(const LimitShape& shape) const {
    return shape.scope == "default" ? std::string_view(route_.scope) : shape.scope;
}

void Plan::learn_clock(const Outcome& outcome, Moment now) {
    const auto* head = std::get_if<ResponseHead>(&outcome);
    if (head == nullptr || find_header(head->fields, "age"))
        return;  // a cache's Date is of another time
    const auto text = find_header(head->fields, "date");
    const auto date = text ? parse_http_date(*text, now.wall) : std::nullopt;
    if (date) standing_.clock.observe(*date, sent_, now);
}

void Plan::note_attempt(const Outcome& outcome, const Classification& meaning, Moment now) {
    // A response that broke after it was to be delivered is of the same attempt.
    AttemptRecord& attempt =
        delivering_ ? record_.attempts.back() : record_.attempts.emplace_back();
    attempt.number = made_;
    if (const auto* failure = std::get_if<Failure>(&outcome)) {
        attempt.failure = failure->kind;
        attempt.written_any = failure->written_any;
        attempt.stage = failure->stage;
        attempt.reused = failure->reused;
    } else {
        const auto& head = std::get<ResponseHead>(outcome);
        attempt.status = head.status;
        attempt.reused = head.reused;
    }
    attempt.took = now.steady - sent_.steady;
    attempt.waited = waited_;
    attempt.wait_source = waited_ > Duration::zero() ? wait_source_ : WaitSource::none;
    attempt.verdict = meaning.verdict;
    attempt.evidence = meaning.evidence;
    attempt.rule = meaning.rule ? meaning.rule->name : std::string();
    attempt.error_code = meaning.error_code;
    if (meaning.verdict != Verdict::ok && attempt.failure == FailureKind::none) {
        record_.error_code = meaning.error_code;
        record_.request_id = meaning.request_id;
        record_.quota_reason = meaning.quota_reason;
    }
    ready_ = now.steady;
}

void Plan::broke_off(FailureKind kind) {
    AttemptRecord& attempt = record_.attempts.back();
    attempt.failure = kind;
    attempt.written_any = true;
    attempt.stage = Stage::receive_body;
}

// Is it known what became of a write? Unknown stays unknown until an attempt after it has been
// answered in a way that leaves no doubt.
void Plan::note_evidence(const Outcome& outcome, const Classification& meaning) {
    using Ambiguous = Record::Ambiguous;
    if (meaning.evidence == Evidence::ambiguous) {
        if (writes_) record_.ambiguous = Ambiguous::unknown;
        if (keyed_ && written_all(outcome)) may_have_acted_ = true;
    } else if (meaning.evidence == Evidence::definite && record_.ambiguous == Ambiguous::unknown) {
        record_.ambiguous = resolves_conflict(outcome) ? Ambiguous::resolved : Ambiguous::retried;
    }
}

bool Plan::resolves_conflict(const Outcome& outcome) const {
    const auto* head = std::get_if<ResponseHead>(&outcome);
    return head != nullptr && head->status == conflict && may_have_acted_;
}

void Plan::note_answer(const Outcome& outcome, const Classification& meaning, Moment now) {
    const auto* head = std::get_if<ResponseHead>(&outcome);
    Last last{.reason = meaning.reason, .verdict = meaning.verdict, .there = head != nullptr};
    if (resolves_conflict(outcome)) last.reason = Reason::conflict_resolved;
    if (head != nullptr) {
        last.status = head->status;
        last.kept = head->kept;
    } else if (delivering_) {
        last.status = last_->status;  // what it said still counts against a fallback
    }
    const auto& hint = meaning.hint;
    if (hint && !meaning.hint_in_header && hint->source != WaitSource::backoff)
        last.delay_until = now.steady + hint->delay;
    if (last.status == misdirected_request) fresh_ = true;  // "over a different connection"
    last_ = last;
}

// The client itself left the upstream less than the time of an attempt, and that was over.
bool Plan::hurried(const Outcome& outcome, Moment now) const {
    const auto time = static_cast<double>(route_.attempt.count()) * attempt_factor_;
    const auto given = static_cast<double>((give_up_ - sent_.steady).count());
    return std::holds_alternative<Failure>(outcome) && patience_ < route_.deadline &&
           given < time && now.steady >= give_up_;
}

// Once for each attempt: a usable response is told when it is committed, the rest here. Whatever is
// no failure is a success, since somebody answered.
void Plan::tell_breaker(const Outcome& outcome, const Classification& meaning, Moment now) {
    CircuitBreaker& breaker = standing_.breaker;
    const bool usable = meaning.verdict == Verdict::ok;
    const auto* head = std::get_if<ResponseHead>(&outcome);
    const bool failed = counts_against_breaker(outcome, meaning.verdict);
    if (failed && hurried(outcome, now)) return abandon_ticket(now);
    if (ticket_ && !usable) {
        const CircuitBreaker::Ticket ticket = *std::exchange(ticket_, {});
        const bool asks = head != nullptr && head->status == service_unavailable && meaning.hint;
        const Duration asked = asks ? meaning.hint->delay : Duration::zero();
        failed ? breaker.failed(ticket, now.steady, asked) : breaker.succeeded(ticket, now.steady);
    }
}

void Plan::tell_limits(const Outcome& outcome, const Classification& meaning, Moment now) {
    for (const Classification::Limit& limit : meaning.limits) {
        const LimitShape& shape = rules_.dialect->limits[limit.shape];
        standing_of(scope_of(shape)).limits.observe(limit.observation, now);
    }
    if (meaning.quota_remaining) standing_.quota.observe(*meaning.quota_remaining, now);
    Gate& gate = standing_of(route_.scope).gate;
    if (meaning.verdict == Verdict::ok) gate.succeeded(sent_.steady, now.steady);
    if (is_judgement(outcome, meaning)) gate.rejected(sent_.steady, now.steady);
    if (!is_limit(meaning.verdict)) return;
    const bool at_once = meaning.verdict == Verdict::concurrency_limited;
    const Duration closed =
        meaning.hint ? meaning.hint->delay : retry_delay(rules_.retry, meaning, made_, 0).asked;
    gate.close(
        now.steady + closed, at_once ? Gate::Kind::concurrency : Gate::Kind::rate, now.steady
    );
}

}  // namespace backstop::policy
