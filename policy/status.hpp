// The phrases of HTTP status codes.
#pragma once

#include <string_view>

namespace backstop::policy {

// As RFC 9110 15 and RFC 6585 write it; "Unknown" for a code that neither knows.
std::string_view reason_phrase(int status);

}  // namespace backstop::policy
