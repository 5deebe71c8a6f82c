// What an outcome means, and why we do what we do. Every enum here has one word per value; the
// word is the log word, the metric label and the text of the status page alike.
#pragma once

#include <optional>
#include <string_view>

namespace backstop::policy {

// What an outcome means to us.
enum class Verdict {
    ok,                   // 1xx to 3xx, and whatever a dialect declares fine
    rejected,             // the API says no, and will say no again: never retried
    transient,            // a fault that may pass: 5xx, transport failures
    rate_limited,         // 429: too many requests in a window; closes the gate
    concurrency_limited,  // 429: too many at once; backs off without a window
    quota_spent,          // the paid plan is used up (402)
};
std::string_view word(Verdict verdict);

// What an outcome proves about the upstream having acted (behaviour, section 3).
enum class Evidence {
    not_sent,   // nothing of the request was handed to the kernel
    refused,    // the API says that it did not act
    ambiguous,  // it may have acted
    definite,   // it answered; never retried
};
std::string_view word(Evidence evidence);

// Why an exchange ended, or goes on, as it does.
enum class Reason {
    succeeded,
    rejected,           // a definite answer of the API's, passed on
    unreachable,        // no connection, or one that broke or spoke rubbish
    timeout,            // no answer in time
    server_error,       // 5xx
    rate_limited,       // the API's 429, or our gate on its behalf
    quota_exhausted,    // 402 and its like
    circuit_open,       // our breaker
    conflict_resolved,  // a 409 that proves that our own earlier attempt had succeeded
    draining,           // we are about to exit
    bad_request,        // the client's request cannot be forwarded
    internal_error,     // a bug of ours
    client_gone,        // nobody is left to answer
};
std::string_view word(Reason reason);

// Why a retry that the outcome would have allowed was not made. Metric label `reason` of
// backstop_retries_denied_total.
enum class Denied {
    attempts,
    budget,
    deadline,
    max_wait,
    queue,
    unsafe,
    body,
    breaker,
    draining,
};
std::string_view word(Denied denied);

// Where the length of a wait came from. Metric label `source` of backstop_retry_wait_seconds.
enum class WaitSource {
    none,
    header,
    body,
    epoch,
    backoff,
    gate,
    pace,
};
std::string_view word(WaitSource source);

// Where the idempotency key of a request came from.
enum class KeySource {
    none,
    passed,   // the client's own
    minted,   // a UUIDv4 of ours
    derived,  // a UUIDv5 of upstream, route and body
};
std::string_view word(KeySource source);

// The value a word stands for, or nothing: words are what dialect and config files are written in.
std::optional<Verdict> verdict_from(std::string_view word);
std::optional<Reason> reason_from(std::string_view word);
// Likewise for those that only log lines are written in.
std::optional<Evidence> evidence_from(std::string_view word);
std::optional<Denied> denied_from(std::string_view word);
std::optional<WaitSource> wait_source_from(std::string_view word);

}  // namespace backstop::policy
