#include "policy/verdict.hpp"

#include "policy/words.hpp"

namespace backstop::policy {
namespace {

constexpr auto verdicts = std::to_array<Word<Verdict>>({
    {Verdict::ok, "ok"},
    {Verdict::rejected, "rejected"},
    {Verdict::transient, "transient"},
    {Verdict::rate_limited, "rate_limited"},
    {Verdict::concurrency_limited, "concurrency_limited"},
    {Verdict::quota_spent, "quota_spent"},
});

constexpr auto evidences = std::to_array<Word<Evidence>>({
    {Evidence::not_sent, "not_sent"},
    {Evidence::refused, "refused"},
    {Evidence::ambiguous, "ambiguous"},
    {Evidence::definite, "definite"},
});

constexpr auto reasons = std::to_array<Word<Reason>>({
    {Reason::succeeded, "succeeded"},
    {Reason::rejected, "rejected"},
    {Reason::unreachable, "unreachable"},
    {Reason::timeout, "timeout"},
    {Reason::server_error, "server_error"},
    {Reason::rate_limited, "rate_limited"},
    {Reason::quota_exhausted, "quota_exhausted"},
    {Reason::circuit_open, "circuit_open"},
    {Reason::conflict_resolved, "conflict_resolved"},
    {Reason::draining, "draining"},
    {Reason::bad_request, "bad_request"},
    {Reason::internal_error, "internal_error"},
    {Reason::client_gone, "client_gone"},
});

constexpr auto denials = std::to_array<Word<Denied>>({
    {Denied::attempts, "attempts"},
    {Denied::budget, "budget"},
    {Denied::deadline, "deadline"},
    {Denied::max_wait, "max_wait"},
    {Denied::queue, "queue"},
    {Denied::unsafe, "unsafe"},
    {Denied::body, "body"},
    {Denied::breaker, "breaker"},
    {Denied::draining, "draining"},
});

constexpr auto wait_sources = std::to_array<Word<WaitSource>>({
    {WaitSource::none, "none"},
    {WaitSource::header, "header"},
    {WaitSource::body, "body"},
    {WaitSource::epoch, "epoch"},
    {WaitSource::backoff, "backoff"},
    {WaitSource::gate, "gate"},
    {WaitSource::pace, "pace"},
});

constexpr auto key_sources = std::to_array<Word<KeySource>>({
    {KeySource::none, "none"},
    {KeySource::passed, "passed"},
    {KeySource::minted, "minted"},
    {KeySource::derived, "derived"},
});

}  // namespace

std::string_view word(Verdict verdict) {
    return word_in(verdicts, verdict);
}

std::string_view word(Evidence evidence) {
    return word_in(evidences, evidence);
}

std::string_view word(Reason reason) {
    return word_in(reasons, reason);
}

std::string_view word(Denied denied) {
    return word_in(denials, denied);
}

std::string_view word(WaitSource source) {
    return word_in(wait_sources, source);
}

std::string_view word(KeySource source) {
    return word_in(key_sources, source);
}

std::optional<Verdict> verdict_from(std::string_view word) {
    return value_in(verdicts, word);
}

std::optional<Reason> reason_from(std::string_view word) {
    return value_in(reasons, word);
}

std::optional<Evidence> evidence_from(std::string_view word) {
    return value_in(evidences, word);
}

std::optional<Denied> denied_from(std::string_view word) {
    return value_in(denials, word);
}

std::optional<WaitSource> wait_source_from(std::string_view word) {
    return value_in(wait_sources, word);
}

}  // namespace backstop::policy
