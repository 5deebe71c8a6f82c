#include "tests/simulator/malformed.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace simulator {
namespace {

std::string length_of(const std::string& body) {
    return "Content-Length: " + std::to_string(body.size()) + "\r\n";
}

std::string with(const Whole& whole, const std::string& framing, const std::string& body) {
    return whole.status_line + whole.fields + framing + "\r\n" + body;
}

std::string good(const Whole& whole) {
    return with(whole, length_of(whole.body), whole.body);
}

std::string with_field(const Whole& whole, const std::string& field) {
    return with(whole, field + length_of(whole.body), whole.body);
}

std::string in_one_chunk(const std::string& body) {
    char size[32];
    const int digits = std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    return std::string(size, static_cast<std::size_t>(digits)) + body + "\r\n0\r\n\r\n";
}

std::string bare_lf(const Whole& whole) {
    std::string text = good(whole);
    const std::size_t head = text.find("\r\n\r\n") + 4;
    text.erase(
        std::remove(text.begin(), text.begin() + static_cast<long>(head), '\r'),
        text.begin() + static_cast<long>(head)
    );
    return text;
}

struct Kind {
    std::string_view name;
    std::string (*make)(const Whole&);
};

constexpr Kind kinds[] = {
    {"status_line",
     [](const Whole& whole) {
         Whole broken = whole;
         broken.status_line = "HTTP-1.1 OK 200\r\n";
         return good(broken);
     }},
    {"status_code",
     [](const Whole& whole) {
         Whole broken = whole;
         broken.status_line = "HTTP/1.1 2x0 OK\r\n";
         return good(broken);
     }},
    {"not_http",
     [](const Whole&) { return std::string("\x16\x03\x01\0\x7f\xff garbage \r\n\r\n", 19); }},
    {"nothing", [](const Whole&) { return std::string(); }},
    {"half_head",
     [](const Whole& whole) { return good(whole).substr(0, whole.status_line.size() + 8); }},
    {"no_colon", [](const Whole& whole) { return with_field(whole, "No colon here\r\n"); }},
    {"space_before_colon", [](const Whole& whole) { return with_field(whole, "X-Odd : 1\r\n"); }},
    {"nul",
     [](const Whole& whole) { return with_field(whole, std::string("X-Odd: a\0b\r\n", 12)); }},
    {"bare_lf", bare_lf},
    {"bare_cr", [](const Whole& whole) { return with_field(whole, "X-Odd: a\rb\r\n"); }},
    {"obs_fold", [](const Whole& whole) { return with_field(whole, "X-Odd: a\r\n b\r\n"); }},
    {"huge_head",
     [](const Whole& whole) {
         return with_field(whole, "X-Odd: " + std::string(256 * 1024, 'a') + "\r\n");
     }},
    {"bad_length",
     [](const Whole& whole) { return with(whole, "Content-Length: 1x\r\n", whole.body); }},
    {"negative_length",
     [](const Whole& whole) { return with(whole, "Content-Length: -1\r\n", whole.body); }},
    {"two_lengths",
     [](const Whole& whole) {
         return with(whole, length_of(whole.body) + "Content-Length: 1\r\n", whole.body);
     }},
    {"length_and_chunked",
     [](const Whole& whole) {
         const std::string framing = length_of(whole.body) + "Transfer-Encoding: chunked\r\n";
         return with(whole, framing, in_one_chunk(whole.body));
     }},
    {"unknown_coding",
     [](const Whole& whole) { return with(whole, "Transfer-Encoding: braille\r\n", whole.body); }},
    {"bad_chunk",
     [](const Whole& whole) {
         return with(whole, "Transfer-Encoding: chunked\r\n", "zz\r\n" + whole.body + "\r\n");
     }},
    {"bad_chunk_end",
     [](const Whole& whole) {
         std::string body = in_one_chunk(whole.body);
         body.replace(body.size() - 7, 2, "??");
         return with(whole, "Transfer-Encoding: chunked\r\n", body);
     }},
    {"extra_response",
     [](const Whole& whole) {
         Whole second = whole;
         second.body = "{\"error\":\"an answer that nobody asked for\"}";
         return good(whole) + good(second);
     }},
};

}  // namespace

std::span<const std::string_view> malformed_kinds() {
    static const auto names = [] {
        std::array<std::string_view, std::size(kinds)> list;
        std::ranges::transform(kinds, list.begin(), &Kind::name);
        return list;
    }();
    return names;
}

std::string malformed(std::string_view kind, const Whole& whole) {
    const auto found = std::ranges::find(kinds, kind, &Kind::name);
    return found == std::end(kinds) ? std::string() : found->make(whole);
}

}  // namespace simulator
