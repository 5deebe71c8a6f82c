#pragma once

// Dates as APIs write them.

#include <chrono>
#include <string>

namespace simulator {

std::string iso_time(std::chrono::system_clock::time_point time);   // 2026-02-08T12:01:00.000Z
std::string http_date(std::chrono::system_clock::time_point time);  // Sun, 08 Feb 2026 12:01:00 GMT

}  // namespace simulator
