#include "tests/simulator/iso_time.hpp"

#include <cstdio>
#include <ctime>

namespace simulator {
namespace {

std::tm utc(std::chrono::system_clock::time_point time) {
    const std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return parts;
}

std::string format(const char* pattern, const std::tm& parts) {
    char text[64];
    return {text, std::strftime(text, sizeof text, pattern, &parts)};
}

}  // namespace

std::string iso_time(std::chrono::system_clock::time_point time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto rest = std::chrono::floor<std::chrono::milliseconds>(time - whole);
    char milliseconds[16];
    std::snprintf(milliseconds, sizeof milliseconds, ".%03dZ", static_cast<int>(rest.count()));
    return format("%Y-%m-%dT%H:%M:%S", utc(time)) + milliseconds;
}

std::string http_date(std::chrono::system_clock::time_point time) {
    return format("%a, %d %b %Y %H:%M:%S GMT", utc(time));
}

}  // namespace simulator
