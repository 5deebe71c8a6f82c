// What an outcome means under a dialect: the first matching rule, the evidence, the delay the API
// asks for, and what it says of its limits and quota. Pure; reads the decoded error body once.
#pragma once

#include "policy/clock_offset.hpp"
#include "policy/dialect.hpp"
#include "policy/message.hpp"
#include "policy/rate_limit.hpp"
#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::policy {

// A delay that the API asks for, from `now` on; between 0 and 24 h.
struct Hint {
    Duration delay{};  // corrected by the clock offset, plus 1 s, for dates and epochs
    // `backoff` where the API named none, and the rule's wait_default or wait_min speaks for it.
    WaitSource source = WaitSource::header;
};

struct Classification {
    Verdict verdict = Verdict::ok;
    Evidence evidence = Evidence::definite;
    Retry retry = Retry::never;
    Reason reason = Reason::succeeded;  // for the answer, should this be the last outcome
    const Rule* rule = nullptr;         // null: HTTP's own rules
    // At least the rule's wait_min. Empty where the API named no delay and the rule has a wait_max:
    // then the wait is drawn between rule->wait_min and rule->wait_max (Levrage 502: 1 to 2 s).
    std::optional<Hint> hint{};
    bool hint_in_header = false;  // a header names it: the client can read the delay by itself
    std::string error_code{};
    std::string request_id{};
    std::string quota_reason{};  // set where verdict is quota_spent
    std::optional<double> quota_remaining{};
    std::optional<double> quota_required{};  // what this request would have cost, where a 402 says
    struct Limit {
        std::size_t shape = 0;  // index into dialect.limits
        RateLimitTracker::Observation observation{};
    };
    std::vector<Limit> limits{};
};

Classification classify(
    const Dialect& dialect, const Outcome& outcome, const ClockOffset& clock, Moment now
);

// Is it a failure of the upstream, of which the breaker counts? No answer, or a 5xx; never a limit.
bool counts_against_breaker(const Outcome& outcome, Verdict verdict);

// Does the proxy have to look at this response's body before it asks the Plan?
bool wants_body(const Dialect& dialect, int status);

}  // namespace backstop::policy
