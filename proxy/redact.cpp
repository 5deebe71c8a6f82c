#include "proxy/redact.hpp"

#include <algorithm>
#include <cstddef>

namespace backstop::proxy {
namespace {

constexpr std::size_t code_max = 64;
constexpr std::size_t id_max = 128;
constexpr std::size_t phone_digits_min = 7;   // a local number
constexpr std::size_t phone_digits_max = 15;  // ITU-T E.164

bool digit(char c) {
    return c >= '0' && c <= '9';
}

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool lower_hex(char c) {
    return digit(c) || (c >= 'a' && c <= 'f');
}

bool separator(char c) {
    return std::string_view(" -.()/").find(c) != std::string_view::npos;
}

// Appends `text` cut to `max`, with "_" for whatever is neither letter, digit nor in `marks`.
void append_plain(
    std::string& out, std::string_view text, std::size_t max, std::string_view marks
) {
    for (const char c : text.substr(0, max)) {
        const bool plain = letter(c) || digit(c) || marks.find(c) != std::string_view::npos;
        out += plain ? c : '_';
    }
}

void mask(std::string& out, std::size_t begin, std::size_t end) {
    const auto at = [&out](std::size_t i) { return out.begin() + static_cast<std::ptrdiff_t>(i); };
    std::replace_if(at(begin), at(end), digit, '#');
}

// The end of the digits that begin at `begin`, separators between them included; `count` is how
// many digits there are.
std::size_t end_of_number(std::string_view text, std::size_t begin, std::size_t& count) {
    std::size_t end = begin;
    count = 0;
    for (std::size_t i = begin; i < text.size(); ++i) {
        if (digit(text[i])) {
            ++count;
            end = i + 1;
        } else if (!separator(text[i]) || i - end >= 2) {
            break;
        }
    }
    return end;
}

}  // namespace

void append_clean_code(std::string& out, std::string_view code) {
    const std::size_t begin = out.size();
    append_plain(out, code, code_max, " ._:/-()");
    for (std::size_t i = begin; i < out.size(); ++i) {
        if (!digit(out[i])) continue;
        std::size_t count = 0;
        const std::size_t end = end_of_number(out, i, count);
        if (count >= phone_digits_min) mask(out, i, end);
        i = end;
    }
}

void append_clean_id(std::string& out, std::string_view id) {
    const std::size_t begin = out.size();
    append_plain(out, id, id_max, "._:/-");
    const std::string_view cut = id.substr(0, id_max);
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(cut, digit));
    const bool could_be_phone = std::ranges::none_of(cut, letter) && digits >= phone_digits_min &&
                                digits <= phone_digits_max;
    const std::size_t plus = cut.find('+');
    if (could_be_phone) {
        mask(out, begin, out.size());
    } else if (plus != std::string_view::npos) {
        mask(out, begin + plus, out.size());
    }
}

// version "-" trace-id "-" parent-id "-" flags; later versions may append "-" and more.
std::string_view trace_id(std::string_view traceparent) {
    constexpr std::size_t size = 55;
    if (traceparent.size() < size) return {};
    const std::string_view version = traceparent.substr(0, 2);
    if (!std::ranges::all_of(version, lower_hex) || version == "ff") return {};
    if (traceparent.size() > size && (version == "00" || traceparent[size] != '-')) return {};
    if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return {};
    const std::string_view trace = traceparent.substr(3, 32);
    const std::string_view parent = traceparent.substr(36, 16);
    const std::string_view flags = traceparent.substr(53, 2);
    const auto zero = [](char c) { return c == '0'; };
    if (std::ranges::all_of(trace, zero) || std::ranges::all_of(parent, zero)) return {};
    const bool hex = std::ranges::all_of(trace, lower_hex) &&
                     std::ranges::all_of(parent, lower_hex) &&
                     std::ranges::all_of(flags, lower_hex);
    return hex ? trace : std::string_view{};
}

}  // namespace backstop::proxy
