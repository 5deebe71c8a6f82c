#pragma once

#include <string_view>

namespace simulator {

std::string_view reason_phrase(int status);

}  // namespace simulator
