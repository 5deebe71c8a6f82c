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

// A fault that may pass, so that waiting can help.
bool may_pass(Verdict verdict);

// `code` is the API's error code, `body` the decoded body; both may be empty.
Judgement judge(const Dialect& dialect, int status, std::string_view code, std::string_view body);

}  // namespace backstop::policy
