#include "policy/message.hpp"

#include "policy/words.hpp"

#include <algorithm>
#include <array>

namespace backstop::policy {
namespace {

// std::tolower asks the locale; the names of HTTP are ASCII.
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::array<std::string_view, 5> repeatable_methods{
    "GET", "HEAD", "OPTIONS", "PUT", "DELETE"};

constexpr auto failures = std::to_array<Word<FailureKind>>({
    {FailureKind::none, "none"},
    {FailureKind::resolve, "resolve"},
    {FailureKind::connect, "connect"},
    {FailureKind::tls, "tls"},
    {FailureKind::send, "send"},
    {FailureKind::reset, "reset"},
    {FailureKind::timeout, "timeout"},
    {FailureKind::truncated, "truncated"},
    {FailureKind::malformed, "malformed"},
});

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    // Most are written as everybody writes them.
    return left == right || std::ranges::equal(left, right, {}, lower, lower);
}

std::optional<std::string_view> find_header(std::span<const Field> fields, std::string_view name) {
    for (const Field& field : fields) {
        // Most names differ in length; only the others are worth comparing.
        if (field.name.size() != name.size()) continue;
        if (equal_ignoring_case(field.name, name)) return field.value;
    }
    return std::nullopt;
}

bool is_repeatable_method(std::string_view method) {
    return std::ranges::find(repeatable_methods, method) != repeatable_methods.end();
}

std::string_view word(FailureKind kind) {
    return word_in(failures, kind);
}

std::optional<FailureKind> failure_from(std::string_view word) {
    return value_in(failures, word);
}

}  // namespace backstop::policy
