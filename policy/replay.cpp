#include "policy/replay.hpp"

#include "policy/classify.hpp"
#include "policy/judgement.hpp"

#include <algorithm>
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

std::string in_ns(Duration duration) {
    return std::to_string(duration.count()) + " ns";
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
    out.compare("decision.wait_ms", in_ns(logged.delay.wait), in_ns(again.delay.wait));
    out.compare(
        "decision.wait_source", policy::word(logged.delay.source), policy::word(again.delay.source)
    );
    out.compare("decision.free", logged.free ? "true" : "false", again.free ? "true" : "false");
    // Of a retry that was decided on, `denied` says what the gates did with it later.
    if (logged.action == Decision::Action::finish)
        out.compare("decision.denied", word(record.denied), word(again.denied));
}

}  // namespace

std::vector<Difference> replay(const Rules& rules, const LoggedExchange& logged) {
    const Record& record = logged.record;
    Comparison out;
    std::vector<Classification> meanings;
    for (const AttemptRecord& attempt : record.attempts) {
        const std::string field = "attempts[" + std::to_string(meanings.size()) + "].rule";
        const Classification& meaning = meanings.emplace_back(meaning_of(*rules.dialect, attempt));
        out.compare(field, attempt.rule, meaning.rule ? meaning.rule->name : std::string());
    }
    if (logged.decided && !meanings.empty()) {
        const AttemptRecord& last = record.attempts.back();
        out.compare("decision.verdict", word(last.verdict), word(meanings.back().verdict));
        out.compare("decision.evidence", word(last.evidence), word(meanings.back().evidence));
    }
    if (record.judgement) {
        const RetryJudgement& judgement = *record.judgement;
        Classification meaning = meanings.at(judgement.attempt - 1);
        meaning.hint = judgement.hint;
        compare_decision(
            out, record, would_retry(rules.retry, meaning, judgement.facts, judgement.roll)
        );
    } else if (!meanings.empty() && !logged.client_gone) {
        // Nobody judged, so there must have been nothing to judge.
        const bool to_judge = meanings.back().retry != Retry::never;
        out.compare("decision", "no judgement", to_judge ? "a judgement" : "no judgement");
    }
    return std::move(out).found();
}

}  // namespace backstop::policy
