// The order of the questions (the first no ends it):
//
//   1. Does the outcome call for a retry at all?           the dialect's rule, or HTTP's
//   2. May this request be repeated after what it proves?  evidence, then method and key
//   3. Are its bytes still there, and attempts left?
//   4. Is the wait bearable?                               max_wait, jitter aside
//   5. Does it leave time for an attempt?                  deadline, or the drain time
//   6. Would an attempt be let through then?               gate, breaker
//   7. Does the budget afford it?                          but for a 429
//
// What the yes costs is taken by the Plan.
#include "policy/retry_policy.hpp"

#include "policy/backoff.hpp"

#include <algorithm>

namespace backstop::policy {
namespace {

using std::chrono::seconds;

constexpr Duration hint_jitter_max = seconds(5);
constexpr double hint_jitter_share = 0.1;

Duration share(Duration of, double factor) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(of.count()) * factor));
}

// Too many at once is no window that ends: 5 s, doubling to 60 s (behaviour, section 5).
Backoff::Options backoff_for(const RetryOptions& options, Verdict verdict) {
    if (verdict != Verdict::concurrency_limited) return options.backoff;
    return {
        .base = seconds(5), .factor = 2.0, .max = seconds(60), .jitter = options.backoff.jitter};
}

bool evidence_allows(const Classification& outcome, bool may_repeat) {
    switch (outcome.evidence) {
        case Evidence::not_sent:
        case Evidence::refused:
            return true;
        case Evidence::ambiguous:
            return may_repeat || outcome.retry == Retry::always;
        case Evidence::definite:
            break;
    }
    return false;
}

// Questions 2 to 7.
std::optional<Denied> denial(
    const RetryOptions& options,
    const Classification& outcome,
    const RetryFacts& facts,
    const Decision& decision
) {
    const RetryDelay& delay = decision.delay;
    if (!evidence_allows(outcome, facts.may_repeat)) return Denied::unsafe;
    if (!facts.body_kept) return Denied::body;
    if (facts.made >= facts.allowed) return Denied::attempts;
    if (facts.single_attempt) return Denied::breaker;
    if (delay.asked > options.max_wait) return Denied::max_wait;
    if (std::max(delay.wait, facts.gate_closed) > facts.left - least_time_left)
        return facts.draining ? Denied::draining : Denied::deadline;
    if (facts.breaker_open > delay.wait) return Denied::breaker;
    if (!decision.free && !RetryBudget::grants(facts.budget)) return Denied::budget;
    return std::nullopt;
}

}  // namespace

bool is_repeatable(
    const RetryOptions& options, const Route& route, std::string_view method, KeySource key
) {
    if (is_repeatable_method(method) || route.idempotent) return true;
    return options.unsafe != Unsafe::never && route.keyed && key != KeySource::none;
}

RetryDelay retry_delay(
    const RetryOptions& options, const Classification& outcome, int retry, double roll
) {
    const Backoff::Options backoff = backoff_for(options, outcome.verdict);
    const Duration floor = Backoff::floor(backoff, retry);
    const Duration drawn = Backoff::delay(backoff, retry, roll);
    if (outcome.hint) {
        const Duration hint = outcome.hint->delay;
        const Duration jitter =
            share(std::min(share(hint, hint_jitter_share), hint_jitter_max), roll);
        return {
            .asked = std::max(hint, floor),
            .wait = std::max(hint + hint_margin, drawn) + jitter,
            .source = outcome.hint->source,
            .backoff = floor,
            .backoff_jitter = drawn - floor,
            .hint_jitter = jitter};
    }
    const Rule* rule = outcome.rule;
    if (rule && rule->wait_max) {  // "retry after 1 to 2 seconds": on each attempt, no growth
        const Duration least = rule->wait_min.value_or(Duration::zero());
        const Duration most = std::max(least, *rule->wait_max);
        return {.asked = least, .wait = least + share(most - least, roll)};
    }
    return {.asked = floor, .wait = drawn, .backoff = floor, .backoff_jitter = drawn - floor};
}

Decision would_retry(
    const RetryOptions& options, const Classification& outcome, const RetryFacts& facts, double roll
) {
    Decision decision{.reason = outcome.reason, .free = is_limit(outcome.verdict)};
    if (outcome.retry == Retry::never || outcome.evidence == Evidence::definite) return decision;
    decision.delay = retry_delay(options, outcome, facts.made, roll);
    decision.denied = denial(options, outcome, facts, decision);
    if (!decision.denied) decision.action = Decision::Action::retry;
    return decision;
}

}  // namespace backstop::policy
