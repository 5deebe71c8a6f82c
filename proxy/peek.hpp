// A decoded copy of the beginning of an error body, bounded whatever it holds. The client always
// gets the original bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace backstop::proxy {

// So much of a body is looked at, before it is decoded.
inline constexpr std::size_t peek_bytes = 64 * 1024;

// `coding` is the value of Content-Encoding: empty, identity, gzip, x-gzip or deflate (RFC 9110
// 8.4.1; deflate with or without the zlib wrapper). At most 256 KiB come out; what cannot be
// decoded gives as much as could be, and an unknown coding nothing.
std::string decoded_copy(std::string_view body, std::string_view coding);

}  // namespace backstop::proxy
