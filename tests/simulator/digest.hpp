#pragma once

#include <string>
#include <string_view>

namespace simulator {

std::string sha256_hex(std::string_view bytes);

}  // namespace simulator
