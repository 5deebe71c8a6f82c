// An answer of our own as bytes: the head around a policy::LocalAnswer.
#pragma once

#include "policy/local_answer.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace backstop::proxy {

struct ReplyFraming {
    int client_version = 11;
    bool keep_alive = false;
    bool head_only = false;         // the request was HEAD
    std::optional<int> attempts{};  // Backstop-Attempts
};

// IMF-fixdate (RFC 9110 5.6.7); good until the next call.
std::string_view http_date(policy::WallTime now);

// Head and body.
std::string reply(
    const policy::LocalAnswer& answer, const ReplyFraming& framing, policy::WallTime now
);

}  // namespace backstop::proxy
