// What the forwarding path tells metrics and log about one exchange once it is over. The views are
// good for the duration of the call only.
#pragma once

#include "policy/plan.hpp"
#include "policy/route.hpp"
#include "policy/verdict.hpp"

#include <cstdint>
#include <string_view>

namespace backstop::proxy {

// How the exchange ended for the client. Metric label `outcome`.
enum class Outcome {
    ok,
    client_error,    // the API said 4xx, and that was delivered
    upstream_error,  // the API said 5xx, and that was delivered
    degraded,        // a fallback
    local_error,     // an error of our own
    replayed,        // from the idempotency store
    aborted,         // the client left, or the answer broke off
};
std::string_view word(Outcome outcome);

// What the local store of clients' idempotency keys knew of the request.
enum class Twin {
    none,
    replayed,  // a finished one: its answer was given again
    joined,    // a running one: its answer was waited for
    mismatch,  // the same key with another body: 422
};
std::string_view word(Twin twin);

struct Report {
    const policy::Route* route = nullptr;
    std::string_view method{};
    int status = 0;  // what the client got; 499 if it left before it got a head
    Outcome outcome = Outcome::ok;
    policy::Reason reason = policy::Reason::succeeded;
    policy::Duration took{};      // from the request head to the last byte of the answer
    std::uint64_t bytes_in = 0;   // request body
    std::uint64_t bytes_out = 0;  // response body
    const policy::Record* record = nullptr;
    policy::KeySource key = policy::KeySource::none;
    Twin twin = Twin::none;
    std::string_view traceparent{};  // the client's W3C trace context, if any; unchecked
    policy::Moment ended{};
};

}  // namespace backstop::proxy
