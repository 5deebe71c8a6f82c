// An answer of our own: a fallback, or an error in the API's envelope (behaviour, section 7). The
// one place where a Reason becomes a status, a body and fields.
#pragma once

#include "policy/plan.hpp"
#include "policy/rules.hpp"
#include "policy/time.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop::policy {

struct LocalAnswer {
    int status = 502;
    std::string content_type{};
    std::string body{};
    // All fields but Content-Type, Content-Length, Connection, Date: Proxy-Status (RFC 9209),
    // Backstop-Outcome, Backstop-Reason, Cache-Control, Retry-After, X-Should-Retry …
    std::vector<std::pair<std::string, std::string>> fields{};
};

struct LocalContext {
    std::string_view request_body{};  // empty if not kept
    Moment now{};
    std::string_view id{};  // unique, e.g. "backstop-6f1c…"; for envelopes that need one
    const RateLimitTracker::State* limit = nullptr;
};

// Tell the retry layers of many official SDKs that retrying has been seen to: also for a delivered
// failure that we have retried (Deliver::final_failure).
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 2> no_client_retry{{
    {"X-Should-Retry", "false"},
    {"Stripe-Should-Retry", "false"},
}};

LocalAnswer answer(const Rules& rules, const Substitute& substitute, const LocalContext& context);

// A refusal of a client request that never became an exchange: 400, 405, 408, 413, 414, 417, 431,
// 500, 501, 505. `detail` is for a person, in English, without any part of the request.
LocalAnswer refuse(
    const Rules& rules, int status, std::string_view detail, const LocalContext& context
);

}  // namespace backstop::policy
