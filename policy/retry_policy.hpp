// May this request be sent again, and when? A judgement only ("would retry"): what a retry costs
// (the budget, a place, a probe) is spent by the Plan, and only once the judgement is yes.
#pragma once

#include "policy/classify.hpp"
#include "policy/judgement.hpp"
#include "policy/rules.hpp"
#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <optional>
#include <string_view>

namespace backstop::policy {

// A wait after which less than this would be left is not begun (behaviour, section 4).
constexpr Duration least_time_left = std::chrono::milliseconds(250);

// Added to what a server names, because its clock ticks and its windows close a little late.
constexpr Duration hint_margin = std::chrono::milliseconds(50);

// May the upstream be asked twice without harm? Decided from the request alone: its method
// (RFC 9110 9.2.2), the route's `idempotent`, or a key that the API honours on this route.
bool is_repeatable(
    const RetryOptions& options, const Route& route, std::string_view method, KeySource key
);

// How long before retry number `retry` (from 1), and why so long.
struct RetryDelay {
    // Without margin and jitter: what `max_wait` is compared with.
    Duration asked{};
    Duration wait{};  // with both; never shorter than what the server asked for
    WaitSource source = WaitSource::backoff;
    // What it was made from, for people. With a hint, the longer of hint + hint_margin and
    // backoff + backoff_jitter, and hint_jitter; without, the backoff and its jitter, or a time
    // drawn between the rule's wait_min and wait_max.
    Duration backoff{};
    Duration backoff_jitter{};
    Duration hint_jitter{};
};
// `roll` is in [0, 1) and is drawn once for each wait.
RetryDelay retry_delay(
    const RetryOptions& options, const Classification& outcome, int retry, double roll
);

// What the judgement must know of the exchange and of the moment.
struct RetryFacts {
    bool may_repeat = false;      // also after an ambiguous outcome
    bool body_kept = true;        // the same bytes can be sent again
    bool single_attempt = false;  // this attempt was a probe that stands for itself
    int made = 1;                 // attempts so far
    int allowed = 3;              // attempts in all
    Duration left{};              // until the deadline, or the end of the drain time if sooner
    bool draining = false;        // it is the drain time that is sooner
    Duration breaker_open{};      // no attempt is let through for so long
    Duration gate_closed{};       // nor for so long
    double budget = 1;            // retries that the budget would grant; see RetryBudget::tokens()
};

struct Decision {
    enum class Action {
        finish,
        retry,
    } action = Action::finish;
    RetryDelay delay{};  // of the retry, made or denied
    Reason reason = Reason::succeeded;
    bool free = false;  // after a 429: the gate governs it, not the budget
    // Why not, where the outcome by itself would have allowed a retry.
    std::optional<Denied> denied{};
};

Decision would_retry(
    const RetryOptions& options, const Classification& outcome, const RetryFacts& facts, double roll
);

}  // namespace backstop::policy
