// The dialect's rules come first, and of them the first that matches: a rule on an error code
// stands before the one on its status, so that it beats it. Then HTTP itself.
//
// The evidence follows from status and retry. A rule's `retry = "always"` is the dialect's word
// that the upstream did not act, which is what makes an answer proof of refusal.
#include "policy/judgement.hpp"

#include "policy/message.hpp"

#include <algorithm>
#include <vector>

namespace backstop::policy {
namespace {

constexpr int bad_request = 400;
constexpr int payment_required = 402;
constexpr int misdirected_request = 421;
constexpr int too_many_requests = 429;

bool contains_ignoring_case(std::string_view body, std::string_view text) {
    for (std::size_t at = 0; at + text.size() <= body.size(); ++at)
        if (equal_ignoring_case(body.substr(at, text.size()), text)) return true;
    return false;
}

const Rule* find_rule(
    const Dialect& dialect, int status, std::string_view code, std::string_view body
) {
    const auto found = std::ranges::find_if(dialect.rules, [&](const Rule& rule) {
        return match(rule, status, code, body) == Match::yes;
    });
    return found == dialect.rules.end() ? nullptr : &*found;
}

void by_http(Judgement& out, int status) {
    if (!is_error(status)) {
        out.verdict = Verdict::ok;
    } else if (is_server_error(status)) {
        out.verdict = Verdict::transient;
        out.retry = Retry::repeatable;
    } else if (status == too_many_requests) {
        out.verdict = Verdict::rate_limited;
        out.retry = Retry::always;
    } else if (status == misdirected_request) {
        out.verdict = Verdict::transient;
        out.retry = Retry::always;
    } else {
        out.verdict = status == payment_required ? Verdict::quota_spent : Verdict::rejected;
    }
}

// A 4xx never is; a dialect's rule can find one in what calls itself a success.
bool may_be_fault(int status) {
    return is_server_error(status) || !is_error(status);
}

Evidence evidence_of(const Judgement& judgement, int status) {
    switch (judgement.retry) {
        case Retry::always:
            return Evidence::refused;
        case Retry::repeatable:
            return status == too_many_requests || status == misdirected_request
                       ? Evidence::refused
                       : Evidence::ambiguous;
        case Retry::never:
            break;
    }
    // Not to be retried, and yet a fault: the upstream may have acted before it failed.
    const bool fault = judgement.verdict == Verdict::transient && may_be_fault(status);
    return fault ? Evidence::ambiguous : Evidence::definite;
}

Reason reason_of(Verdict verdict, int status) {
    switch (verdict) {
        case Verdict::ok:
            return Reason::succeeded;
        case Verdict::rejected:
            return Reason::rejected;
        case Verdict::rate_limited:
        case Verdict::concurrency_limited:
            return Reason::rate_limited;
        case Verdict::quota_spent:
            return Reason::quota_exhausted;
        case Verdict::transient:
            break;
    }
    if (may_be_fault(status)) return Reason::server_error;
    // No server of this name behind this connection; any other 4xx is the API's answer in the end,
    // which no fallback may hide.
    return status == misdirected_request ? Reason::unreachable : Reason::rejected;
}

}  // namespace

bool is_error(int status) {
    return status < 100 || status >= bad_request;
}

bool is_server_error(int status) {
    return status < 100 || status >= 500;
}

Match match(const Rule& rule, int status, std::string_view code, std::string_view body) {
    if (!covers(rule, status)) return Match::status;
    if (!rule.codes.empty() && std::ranges::find(rule.codes, code) == rule.codes.end())
        return Match::code;
    if (!rule.contains.empty() && !contains_ignoring_case(body, rule.contains)) return Match::body;
    return Match::yes;
}

bool covers(const Rule& rule, int status) {
    if (rule.statuses.empty()) return is_error(status);
    return rule.statuses.contains(status);
}

bool may_pass(Verdict verdict) {
    return verdict == Verdict::transient || verdict == Verdict::rate_limited ||
           verdict == Verdict::concurrency_limited;
}

Judgement judge(const Dialect& dialect, int status, std::string_view code, std::string_view body) {
    Judgement out;
    out.rule = find_rule(dialect, status, code, body);
    if (out.rule != nullptr) {
        out.verdict = out.rule->means;
        out.retry = may_pass(out.verdict) ? out.rule->retry : Retry::never;
    } else {
        by_http(out, status);
    }
    out.evidence = evidence_of(out, status);
    out.reason = reason_of(out.verdict, status);
    return out;
}

}  // namespace backstop::policy
