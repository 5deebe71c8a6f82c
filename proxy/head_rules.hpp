// What a head means: the rules of RFC 9110 and 9112 that Beast leaves to its user, judged between
// the head and the body. Sets how the body is framed, or says why the message must not be trusted.
#pragma once

#include "proxy/message.hpp"

#include <string_view>

namespace backstop::proxy {

// Why a request is refused. `kind` is the metric label of backstop_client_errors_total.
struct Refusal {
    int status = 0;  // 0: none
    std::string_view kind{};
    std::string_view detail{};  // for a person; nothing of the request in it
    explicit operator bool() const { return status != 0; }
};

// On success `message` has chunked, content_length and keep_alive set.
Refusal judge_request(Message& message);

// A response to a request with that method. False: malformed (502).
bool judge_response(Message& message, std::string_view request_method);

// The target as it goes upstream: origin-form, or "*". An absolute-form target loses its authority
// (RFC 9112 3.2.2). Only for heads that were judged.
std::string_view origin_form(std::string_view target);

// Is `name` one of the comma-separated tokens of `list`, without case?
bool has_token(std::string_view list, std::string_view name);

}  // namespace backstop::proxy
