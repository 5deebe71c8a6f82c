#pragma once

#include <string>
#include <string_view>

namespace simulator {

// The body in the content coding "gzip" or "deflate" (the zlib format, as RFC 9110 has it).
std::string encode(std::string_view coding, std::string_view body);

}  // namespace simulator
