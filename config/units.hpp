// Durations and sizes as a user writes them.
#pragma once

#include "policy/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::config {

// "250ms" "10s" "1.5s" "5m" "24h" "1m30s" "0". Nothing if it is none, or longer than ten years.
std::optional<policy::Duration> parse_duration(std::string_view text);
// The shortest such text: "90s" rather than "1m30s", "2m" rather than "120s".
std::string print_duration(policy::Duration duration);

// "512B" "64KiB" "1MiB" "2GiB" "0". Nothing if it is none, or does not fit.
std::optional<std::size_t> parse_size(std::string_view text);
std::string print_size(std::size_t bytes);

}  // namespace backstop::config
