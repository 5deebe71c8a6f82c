#pragma once

// Answers that are not HTTP, by name. Each takes a good response apart and puts it together wrongly
// in one way, so that whoever reads it is tested on that way alone.

#include <span>
#include <string>
#include <string_view>

namespace simulator {

std::span<const std::string_view> malformed_kinds();

// A response that is still whole: the status line, the fields (each ends with CRLF, framing not
// among them) and the body.
struct Whole {
    std::string status_line{};
    std::string fields{};
    std::string body{};
};

std::string malformed(std::string_view kind, const Whole& whole);

}  // namespace simulator
