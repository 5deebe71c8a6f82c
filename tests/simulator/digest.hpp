#pragma once

#include <string>
#include <string_view>

namespace simulator {

std::string sha256_hex(std::string_view bytes);
std::string base64(std::string_view bytes);

}  // namespace simulator
