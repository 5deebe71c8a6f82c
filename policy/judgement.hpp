// What a response means, by status, error code and body alone: the dialect's rules, then HTTP.
#pragma once

#include "policy/dialect.hpp"
#include "policy/verdict.hpp"

#include <string_view>

namespace backstop::policy {

struct Judgement {
    Verdict verdict = Verdict::ok;
    Retry retry = Retry::never;
    Evidence evidence = Evidence::definite;
    Reason reason = Reason::succeeded;
    const Rule* rule = nullptr;  // of the dialect; null: HTTP's own
};

// From 400 on, and whatever is no status: that is to be treated as a 5xx (RFC 9110 15).
bool is_error(int status);

// Is the rule about this status? One without statuses is about every error.
bool covers(const Rule& rule, int status);

// Does the rule match; and if not, what stands in the way first?
enum class Match {
    yes,
    status,  // it is about other statuses
    code,    // it is about other error codes
    body,    // the text that it looks for is not there
};
Match match(const Rule& rule, int status, std::string_view code, std::string_view body);

// A 5xx, and whatever is no status (RFC 9110 15).
bool is_server_error(int status);

// A 429, which the gate governs: no failure of the upstream, and no cost to the budget.
constexpr bool is_limit(Verdict verdict) {
    return verdict == Verdict::rate_limited || verdict == Verdict::concurrency_limited;
}

// A fault that may pass, so that waiting can help.
bool may_pass(Verdict verdict);

// `code` is the API's error code, `body` the decoded body; both may be empty.
Judgement judge(const Dialect& dialect, int status, std::string_view code, std::string_view body);

}  // namespace backstop::policy
