#include "policy/replay.hpp"

#include "policy/classify.hpp"
#include "policy/idempotency_key.hpp"
#include "policy/judgement.hpp"
#include "policy/plan.hpp"
#include "policy/stands.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace backstop::policy {
namespace {

std::string_view body_that_matched(const Dialect& dialect, const std::string& rule) {
    const auto found = std::ranges::find(dialect.rules, rule, &Rule::name);
    return found == dialect.rules.end() ? std::string_view() : std::string_view(found->contains);
}

Classification meaning_of(const Dialect& dialect, const AttemptRecord& attempt) {
    if (attempt.failure != FailureKind::none) {
        const Failure failure{.kind = attempt.failure, .written_any = attempt.written_any};
        return classify(dialect, failure, {}, {});
    }
    const std::string_view body = body_that_matched(dialect, attempt.rule);
    const Judgement judged = judge(dialect, attempt.status, attempt.error_code, body);
    Classification meaning;
    meaning.verdict = judged.verdict;
    meaning.evidence = judged.evidence;
    meaning.retry = judged.retry;
    meaning.reason = judged.reason;
    meaning.rule = judged.rule;
    return meaning;
}

std::string_view word(Decision::Action action) {
    return action == Decision::Action::retry ? "retry" : "finish";
}

std::string_view word(const std::optional<Denied>& denied) {
    return denied ? policy::word(*denied) : std::string_view("none");
}

// As the line has it.
std::string in_ms(Duration duration) {
    std::array<char, 32> room{};  // the longest double has 24 characters
    const double ms = std::chrono::duration<double, std::milli>(duration).count();
    return {room.data(), std::to_chars(room.data(), room.data() + room.size(), ms).ptr};
}

// Whether a body has what a key can be derived from is not logged: only what was derived is.
KeySource key_of(const Rules& rules, const Route& route, const LoggedExchange& logged) {
    constexpr std::array<std::uint8_t, 16> any{};  // the key's value tells nothing
    const bool client_key = logged.key == KeySource::passed;
    const KeySource source = choose_key(rules, route, client_key, std::nullopt, any).source;
    const bool derives = needs_whole_body(rules, route, client_key);
    if (source == KeySource::minted && logged.key == KeySource::derived && derives)
        return KeySource::derived;
    return source;
}

// What the configuration determines. The rest is as logged: what exchanges share has its own
// history, and is known only by what it was then.
RetryFacts configured(const Rules& rules, const Route& route, const LoggedExchange& logged) {
    const Record& record = logged.record;
    RetryFacts facts = record.judgement->facts;
    const KeySource key = key_of(rules, route, logged);
    Standing standing(rules);
    const Request request{
        .method = logged.method,
        .key = key,
        .timeout_wish = record.timeout_wish,
        .attempts_wish = record.attempts_wish};
    const Plan plan(rules, route, standing, request, Moment{}, [] { return 0.0; });
    facts.allowed = plan.attempts_allowed();
    if (!facts.draining) facts.left += plan.record().patience - record.patience;
    if (logged.method != "other")
        facts.may_repeat = is_repeatable(rules.retry, route, logged.method, key) ||
                           rules.retry.unsafe == Unsafe::always;
    if (!rules.breaker.enabled) {
        facts.single_attempt = false;
        facts.breaker_open = Duration::zero();
    }
    if (!rules.gate.enabled) facts.gate_closed = Duration::zero();
    // Without a ratio it never holds more than this, whatever the traffic was.
    const RetryBudget::Options& budget = rules.retry.budget;
    const double window = std::chrono::duration<double>(budget.window).count();
    if (budget.ratio == 0) facts.budget = std::min(facts.budget, budget.per_second * window);
    return facts;
}

class Comparison {
public:
    void compare(std::string field, std::string_view logged, std::string_view again) {
        if (logged == again) return;
        found_.push_back({std::move(field), std::string(logged), std::string(again)});
    }
    std::vector<Difference> found() && { return std::move(found_); }

private:
    std::vector<Difference> found_{};
};

void compare_decision(Comparison& out, const Record& record, const Decision& again) {
    const Decision& logged = record.judgement->decision;
    out.compare("decision.action", word(logged.action), word(again.action));
    out.compare("decision.reason", policy::word(logged.reason), policy::word(again.reason));
    out.compare("decision.wait_ms", in_ms(logged.delay.wait), in_ms(again.delay.wait));
    out.compare(
        "decision.wait_source", policy::word(logged.delay.source), policy::word(again.delay.source)
    );
    out.compare("decision.free", logged.free ? "true" : "false", again.free ? "true" : "false");
    // Of a retry that was decided on, `denied` says what the gates did with it later.
    const bool finished = logged.action == Decision::Action::finish;
    out.compare(
        "decision.denied", word(finished ? record.denied : std::nullopt), word(again.denied)
    );
}

bool serves(const Rules& rules, const Route& route, Reason reason) {
    return rules.mode == Mode::act && rules.fallbacks && route.fallback_for(reason) != nullptr;
}

// Is the exchange answered with a fallback? Nothing: it goes on, or nobody was left to be answered.
std::optional<bool> degraded(
    const Rules& rules,
    const Route& route,
    const LoggedExchange& logged,
    const std::vector<Classification>& meanings,
    const std::optional<Decision>& again
) {
    using Action = Decision::Action;
    if (logged.client_gone) return std::nullopt;
    const Record& record = logged.record;
    std::size_t last = meanings.size();
    bool ends_as_logged = true;
    if (again && again->action != record.judgement->decision.action) {
        if (again->action == Action::retry) return std::nullopt;
        last = record.judgement->attempt;
        ends_as_logged = false;
    }
    std::vector<Reason> reasons;
    if (ends_as_logged) reasons.push_back(logged.reason);
    if (last > 0) {
        const Classification& meaning = meanings[last - 1];
        reasons.push_back(meaning.reason);
        if (stands(meaning.verdict, record.attempts[last - 1].status))
            std::erase_if(reasons, [](Reason each) { return each != Reason::conflict_resolved; });
    }
    return std::ranges::any_of(reasons, [&](Reason each) { return serves(rules, route, each); });
}

void compare_attempts(
    Comparison& out,
    const Rules& rules,
    const LoggedExchange& logged,
    std::vector<Classification>& meanings
) {
    for (const AttemptRecord& attempt : logged.record.attempts) {
        const std::string field = "attempts[" + std::to_string(meanings.size()) + "].rule";
        const Classification& meaning = meanings.emplace_back(meaning_of(*rules.dialect, attempt));
        out.compare(field, attempt.rule, meaning.rule ? meaning.rule->name : std::string());
    }
    if (!logged.decided || meanings.empty()) return;
    const AttemptRecord& last = logged.record.attempts.back();
    out.compare("decision.verdict", word(last.verdict), word(meanings.back().verdict));
    out.compare("decision.evidence", word(last.evidence), word(meanings.back().evidence));
}

void compare_with_route(
    Comparison& out,
    const Rules& rules,
    const Route& route,
    const LoggedExchange& logged,
    const std::vector<Classification>& meanings,
    const std::optional<Decision>& again
) {
    // Of a request that was never sent, it may have been refused before it got a key.
    if (!meanings.empty())
        out.compare("idempotency", word(logged.key), word(key_of(rules, route, logged)));
    const auto fallback = degraded(rules, route, logged, meanings, again);
    const auto text = [](bool yes) { return yes ? "degraded" : "not degraded"; };
    if (fallback) out.compare("outcome", text(logged.degraded), text(*fallback));
}

}  // namespace

const Route* logged_route(const Rules& rules, const LoggedExchange& logged) {
    const auto found = std::ranges::find_if(rules.routes, [&](const Route& route) {
        return route.label == logged.route &&
               (route.method.empty() || route.method == logged.method);
    });
    if (found != rules.routes.end()) return &*found;
    return logged.route == rules.other.label ? &rules.other : nullptr;
}

std::vector<Difference> replay(
    const Rules& rules, const LoggedExchange& logged, const Route* route
) {
    const Record& record = logged.record;
    Comparison out;
    std::vector<Classification> meanings;
    compare_attempts(out, rules, logged, meanings);
    std::optional<Decision> again;
    if (record.judgement) {
        const RetryJudgement& judgement = *record.judgement;
        Classification meaning = meanings.at(judgement.attempt - 1);
        meaning.hint = judgement.hint;
        const RetryFacts facts = route ? configured(rules, *route, logged) : judgement.facts;
        again = would_retry(rules.retry, meaning, facts, judgement.roll);
        compare_decision(out, record, *again);
    } else if (!meanings.empty() && !logged.client_gone) {
        // Nobody judged, so there must have been nothing to judge: either a no of the API's, or an
        // answer that broke off when some of it had gone to the client.
        const AttemptRecord& last = record.attempts.back();
        const bool answered = last.status != 0 && last.failure != FailureKind::none;
        const bool to_judge = !answered && meanings.back().retry != Retry::never;
        out.compare("decision", "no judgement", to_judge ? "a judgement" : "no judgement");
    }
    if (route) compare_with_route(out, rules, *route, logged, meanings, again);
    return std::move(out).found();
}

}  // namespace backstop::policy
