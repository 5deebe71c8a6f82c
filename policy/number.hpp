// Numbers as APIs write them into fields and strings.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::policy {

// Without the spaces and tabs around it (RFC 9110 5.6.3).
constexpr std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// "42", "-3", "0.5": decimal, all of it, and finite. No exponent, no "inf", no leading plus.
inline std::optional<double> decimal(std::string_view text) {
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || !is_digit(digits.front())) return std::nullopt;
    // Counts are short and whole, and there is one in nearly every response.
    constexpr std::size_t exact_digits = 15;  // which a double holds without loss
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (digits.size() <= exact_digits && std::from_chars(text.data(), end, whole).ptr == end)
        return static_cast<double>(whole);
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc{} || stop != end || !std::isfinite(number)) return std::nullopt;
    return number;
}

// The shortest text that reads back as the same number; whole numbers without point or exponent.
inline std::string to_text(double number) {
    constexpr double whole_max = 9007199254740992.0;  // 2^53: beyond it doubles skip integers
    if (std::trunc(number) == number && std::abs(number) <= whole_max)
        return std::to_string(static_cast<std::int64_t>(number));
    char text[32];
    const auto [end, error] = std::to_chars(std::begin(text), std::end(text), number);
    return error == std::errc{} ? std::string(std::begin(text), end) : std::string{};
}

}  // namespace backstop::policy
