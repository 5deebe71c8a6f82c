#pragma once

// What arrives need not be text. RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF.

#include <string>
#include <string_view>

namespace simulator {

bool is_utf8(std::string_view bytes);

// With U+FFFD for each byte that belongs to no character.
std::string to_utf8(std::string_view bytes);

}  // namespace simulator
