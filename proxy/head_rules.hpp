// What a head means: the rules of RFC 9110 and 9112 that Beast leaves to its user, judged between
// the head and the body. Sets how the body is framed, or says why the message must not be trusted.
#pragma once

#include "proxy/message.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace backstop::proxy {

// Why a request is refused. `kind` is the metric label of backstop_client_errors_total.
struct Refusal {
    int status = 0;  // 0: none
    std::string_view kind{};
    std::string_view detail{};  // for a person; nothing of the request in it
    explicit operator bool() const { return status != 0; }
};

// On success `message` has chunked, content_length, keep_alive and websocket set.
Refusal judge_request(Message& message);

// A response to a request with that method. False: malformed (502).
bool judge_response(Message& message, std::string_view request_method);

// The target as it goes upstream: origin-form, or "*". An absolute-form target loses its authority
// (RFC 9112 3.2.2), or "*" where OPTIONS says nothing else (3.2.4). Only for heads that were
// judged.
std::string_view origin_form(const Message& request);

// How many gateways an OPTIONS may still pass (Max-Forwards, RFC 9110 7.6.2): 0 is answered here.
// Nothing if it does not say, or for other methods, of which we answer TRACE anyway.
std::optional<std::uint64_t> hops_left(const Message& request);

// Adds a field line that came after the body to message.trailers, if such a field may stand there
// (RFC 9110 6.5.1). False: it is no field (RFC 9112 5).
bool add_trailer(Message& message, std::string_view line);

// Is `name` one of the comma-separated tokens of `list`, without case?
bool has_token(std::string_view list, std::string_view name);

}  // namespace backstop::proxy
