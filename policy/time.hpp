// Time as policy sees it. Nothing in this folder reads a clock: the present is handed in.
#pragma once

#include <chrono>

namespace backstop::policy {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// The present. Delays are measured on `steady`; `wall` is for APIs that speak in dates.
struct Moment {
    Instant steady{};
    WallTime wall{};
};

}  // namespace backstop::policy
