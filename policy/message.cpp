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
    return std::ranges::equal(left, right, {}, lower, lower);
}

std::optional<std::string_view> find_header(std::span<const Field> fields, std::string_view name) {
    // Most names differ in length or in their first letter; only the others are worth comparing.
    const char first = name.empty() ? '\0' : lower(name.front());
    const auto same_name = [name, first](const Field& field) {
        return field.name.size() == name.size() && !name.empty() &&
               lower(field.name.front()) == first && equal_ignoring_case(field.name, name);
    };
    const auto found = std::ranges::find_if(fields, same_name);
    if (found == fields.end()) return std::nullopt;
    return found->value;
}

bool is_repeatable_method(std::string_view method) {
    return std::ranges::find(repeatable_methods, method) != repeatable_methods.end();
}

std::string_view word(FailureKind kind) {
    return word_in(failures, kind);
}

}  // namespace backstop::policy
