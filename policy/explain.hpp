// Why: what would be done with one outcome, and everything that was looked at on the way there. All
// of it is decided by those who serve traffic: a Plan, and what the Plan asks (classify, match,
// read_delay, choose_key, answer). Here they are only asked once more, and written down.
#pragma once

#include "policy/dialect.hpp"
#include "policy/judgement.hpp"
#include "policy/local_answer.hpp"
#include "policy/plan.hpp"
#include "policy/response_values.hpp"
#include "policy/rules.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::policy {

// One outcome in the middle of an exchange. What exchanges share is as after a start: the gate
// open, the breaker closed, the budget full.
struct Situation {
    std::string_view method = "GET";
    std::string_view target = "/";  // as the client writes it
    std::string_view request_body{};
    bool body_kept = true;                   // the request can be sent again byte for byte
    bool client_key = false;                 // the client sent a key of its own; see is_key()
    int attempt = 1;                         // which one this is the outcome of, from 1
    bool earlier_unknown = false;            // nobody knows what became of an attempt before it
    std::optional<int> attempts_wish{};      // Backstop-Attempts-Max
    std::optional<Duration> timeout_wish{};  // Backstop-Timeout
    // Until the deadline, more than 0. Nothing: all that the route allows, as if no time had
    // passed. Never more than that.
    std::optional<Duration> left{};
    Outcome outcome{};
    Moment now{};
    double roll = 0.5;  // of the jitter, in [0, 1)
};

struct Explanation {
    const Route* route = nullptr;
    Classification meaning{};

    // The dialect's rules up to the first that matches; those after it are not asked.
    struct RuleLook {
        const Rule* rule = nullptr;
        Match match = Match::yes;
    };
    std::vector<RuleLook> rules{};

    // Every place where the dialect says that a delay may stand, in order.
    struct DelayLook {
        const DelaySource* source = nullptr;
        DelayReading reading{};
        std::optional<std::string> text{};  // what stands there
        bool taken = false;
    };
    std::vector<DelayLook> delays{};  // empty: the verdict calls for no delay

    KeySource key = KeySource::none;
    bool key_honoured = false;            // on this route, by the API
    int attempts = 1;                     // in all
    Duration left{};                      // until the deadline
    Step step{};                          // what follows
    Record record{};                      // with the judgement it was made from, if there was one
    std::optional<LocalAnswer> answer{};  // where the step is to answer ourselves

    // What exchanges share, afterwards.
    bool counts_against_breaker = false;
    std::optional<Duration> breaker_open{};
    std::optional<Duration> gate_closed{};
    struct Limit {
        std::string scope;
        RateLimitTracker::State state{};
    };
    std::vector<Limit> limits{};
    std::optional<double> quota{};
    std::optional<Duration> clock_offset{};
};

// `rules` outlives what is returned.
Explanation explain(const Rules& rules, const Situation& situation);

}  // namespace backstop::policy
