// The whole story of one exchange, for log, metrics, ledger and `explain`. The Plan writes it; it
// decides nothing.
#pragma once

#include "policy/message.hpp"
#include "policy/retry_policy.hpp"
#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace backstop::policy {

// What happened in one attempt. A keep-alive race and its resend are two attempts of one number.
struct AttemptRecord {
    int number = 1;
    int status = 0;  // 0: no response head
    FailureKind failure = FailureKind::none;
    Stage stage = Stage::connect;               // of the failure
    bool written_any = false;                   // before the failure: it may have been acted on
    bool reused = false;                        // on a kept-alive connection
    Duration took{};                            // from the Send until its outcome
    Duration waited{};                          // before this attempt
    WaitSource wait_source = WaitSource::none;  // of that wait; of the first, if there were several
    Verdict verdict = Verdict::ok;
    Evidence evidence = Evidence::definite;
    std::string rule{};        // name of the dialect's rule that matched; empty: HTTP's own
    std::string error_code{};  // the API's
};

// A retry that was decided on. It was made only if an attempt followed: the client may have gone,
// or the gates may have closed, while it waited.
struct RetryRecord {
    Reason reason;  // of the outcome that led to it
    WaitSource source;
    Duration wait;  // planned
    bool made = false;
};

// What the last judgement on a retry was made from: with these numbers `explain` comes to it again.
struct RetryJudgement {
    std::size_t attempt = 0;  // which one it judged: its place in `attempts`, from 1
    RetryFacts facts{};
    Decision decision{};
    std::optional<Hint> hint{};
    double roll = 0;  // the jitter drawn, in [0, 1)
    std::optional<Duration> clock_offset{};
};

struct Record {
    std::vector<AttemptRecord> attempts{};
    std::vector<RetryRecord> retries{};
    // Why no further attempt was made although one was called for. Without any attempt: why the
    // gates refused the first, which is a refusal and not a denied retry.
    std::optional<Denied> denied{};
    std::optional<RetryJudgement> judgement{};
    Duration patience{};                     // from the request to its deadline
    std::optional<Duration> timeout_wish{};  // the client's, which may have lowered it
    std::optional<int> attempts_wish{};      // likewise the attempts
    std::string error_code{};                // the API's, of the last error answer
    std::string request_id{};                // likewise
    std::string quota_reason{};              // where the quota is spent: the dialect's, or "other"
    // What became of a write whose outcome was once unknown.
    enum class Ambiguous {
        none,
        retried,   // it was sent again, and that was answered
        resolved,  // a 409 proved that it had succeeded
        unknown,   // nobody knows
    } ambiguous = Ambiguous::none;
    // Mode `observe`: what would have been done, in order. Never with a Send or Deliver.
    struct Foregone {
        Reason reason = Reason::rate_limited;
        Duration wait{};                       // zero: it would have been answered by us
        WaitSource source = WaitSource::none;  // of the wait
        bool fallback = false;
    };
    std::vector<Foregone> foregone{};

    int counted_attempts() const;  // without keep-alive races: what Backstop-Attempts says
};
std::string_view word(Record::Ambiguous ambiguous);

}  // namespace backstop::policy
