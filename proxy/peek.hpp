// A decoded copy of the beginning of an error body, bounded whatever it holds. The client always
// gets the original bytes.
#pragma once

#include <string>
#include <string_view>

namespace backstop::proxy {

// `coding` is the value of Content-Encoding: empty, identity, gzip, x-gzip or deflate (RFC 9110
// 8.4.1; deflate with or without the zlib wrapper). At most 256 KiB come out; what cannot be
// decoded gives as much as could be, and an unknown coding nothing.
std::string decoded_copy(std::string_view body, std::string_view coding);

}  // namespace backstop::proxy
