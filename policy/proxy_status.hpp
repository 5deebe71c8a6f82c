// The Proxy-Status field (RFC 9209): why an answer is ours and not the upstream's, in the words
// that section 2.3 of that RFC registers.
#pragma once

#include "policy/message.hpp"
#include "policy/verdict.hpp"

#include <string>
#include <string_view>

namespace backstop::policy {

// What our answer stands in for.
struct AnswerCause {
    Reason reason = Reason::unreachable;
    int status = 502;  // ours
    FailureKind failure = FailureKind::none;
    Stage stage = Stage::connect;  // of the failure
    int received_status = 0;       // of the upstream's answer that ours replaces, if there was one
    bool crowded = false;          // the pool was full
};

// The registered error type, such as "http_response_timeout".
std::string_view proxy_error(const AnswerCause& cause);

// backstop; error=destination_unavailable; received-status=503; details="…"
// `details` is a sentence; what a structured string cannot hold (RFC 9651 3.3.3) becomes '?'.
std::string proxy_status(const AnswerCause& cause, std::string_view details);

}  // namespace backstop::policy
