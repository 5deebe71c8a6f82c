#include "config/units.hpp"

#include "policy/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

namespace backstop::config {
namespace {

using policy::Duration;
using policy::is_digit;

struct TimeUnit {
    std::string_view name;
    Duration length;
};
constexpr std::array<TimeUnit, 4> time_units{
    {{"ms", std::chrono::milliseconds(1)},
     {"s", std::chrono::seconds(1)},
     {"m", std::chrono::minutes(1)},
     {"h", std::chrono::hours(1)}}};
constexpr Duration longest = std::chrono::hours(24 * 3650);

struct SizeUnit {
    std::string_view name;
    std::size_t bytes;
};
constexpr std::array<SizeUnit, 4> size_units{
    {{"B", 1},
     {"KiB", std::size_t{1} << 10U},
     {"MiB", std::size_t{1} << 20U},
     {"GiB", std::size_t{1} << 30U}}};

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Takes the leading characters for which `wanted` is true off `text`.
template <typename Wanted>
std::string_view take(std::string_view& text, Wanted wanted) {
    std::size_t length = 0;
    while (length < text.size() && wanted(text[length]))
        ++length;
    const std::string_view taken = text.substr(0, length);
    text.remove_prefix(length);
    return taken;
}

template <typename Units>
const typename Units::value_type* find_unit(const Units& units, std::string_view name) {
    for (const auto& unit : units)
        if (unit.name == name) return &unit;
    return nullptr;
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && rest == end;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    if (text == "0") return Duration::zero();
    if (text.empty()) return std::nullopt;
    double total = 0;
    while (!text.empty()) {
        const std::string_view digits = take(text, [](char c) { return is_digit(c) || c == '.'; });
        const TimeUnit* const unit = find_unit(time_units, take(text, is_letter));
        double number = 0;
        const bool begins_with_digit = !digits.empty() && is_digit(digits.front());
        if (!unit || !begins_with_digit || !parse_number(digits, number)) return std::nullopt;
        total += number * static_cast<double>(unit->length.count());
        if (!(total <= static_cast<double>(longest.count()))) return std::nullopt;
    }
    return Duration(std::llround(total));
}

std::string print_duration(Duration duration) {
    if (duration == Duration::zero()) return "0s";
    // Downwards to the largest unit that divides it; seconds are what people think in below 2 min.
    const auto fits = [&](const TimeUnit& unit) {
        const bool readable = duration >= 2 * unit.length || unit.length <= std::chrono::seconds(1);
        return readable && duration % unit.length == Duration::zero();
    };
    if (const auto unit = std::find_if(time_units.rbegin(), time_units.rend(), fits);
        unit != time_units.rend()) {
        return std::to_string(duration / unit->length) + std::string(unit->name);
    }
    // Finer than a millisecond, as "1.5ms" can be written.
    std::array<char, 32> digits{};
    const double milliseconds = std::chrono::duration<double, std::milli>(duration).count();
    const auto end = std::to_chars(
        digits.data(), digits.data() + digits.size(), milliseconds, std::chars_format::fixed
    );
    return std::string(digits.data(), end.ptr) + "ms";
}

std::optional<std::size_t> parse_size(std::string_view text) {
    if (text == "0") return 0;
    std::size_t number = 0;
    const std::string_view digits = take(text, is_digit);
    const SizeUnit* const unit = find_unit(size_units, text);
    if (!unit || !parse_number(digits, number)) return std::nullopt;
    if (number > std::numeric_limits<std::size_t>::max() / unit->bytes) return std::nullopt;
    return number * unit->bytes;
}

std::string print_size(std::size_t bytes) {
    if (bytes == 0) return "0";
    const auto fits = [&](const SizeUnit& unit) { return bytes % unit.bytes == 0; };
    const auto unit = std::find_if(size_units.rbegin(), size_units.rend(), fits);
    if (unit == size_units.rend()) return std::to_string(bytes) + "B";
    return std::to_string(bytes / unit->bytes) + std::string(unit->name);
}

}  // namespace backstop::config
