#include "config/names.hpp"

#include "policy/message.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace backstop::config {
namespace {

using policy::equal_ignoring_case;

constexpr std::string_view no_header = "is not the name of a header";
constexpr std::string_view own_field = "ends at backstop, or is written by backstop itself";

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A pattern may end in '-': then it is about all names that begin so.
bool matches(std::string_view name, std::string_view pattern) {
    return equal_ignoring_case(
        pattern.ends_with('-') ? name.substr(0, pattern.size()) : name, pattern
    );
}

bool any_matches(std::string_view name, std::span<const std::string_view> patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
        return matches(name, pattern);
    });
}

// Fields that frame a message, or that are about one hop: backstop takes them off and writes its
// own.
bool is_own_field(std::string_view name) {
    constexpr std::array<std::string_view, 13> patterns{
        "backstop-",
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via"};
    return any_matches(name, patterns);
}

// Fields that clients send anyway. A request that has one would count as having a key, and a write
// with a key is sent again.
bool is_common_request_field(std::string_view name) {
    constexpr std::array<std::string_view, 24> patterns{
        "accept", "accept-",     "authorization", "cache-control", "content-",     "cookie",
        "date",   "dnt",         "forwarded",     "from",          "if-",          "max-forwards",
        "origin", "pragma",      "prefer",        "priority",      "range",        "referer",
        "sec-",   "traceparent", "tracestate",    "user-agent",    "x-forwarded-", "x-real-ip"};
    return any_matches(name, patterns);
}

bool is_written_in_answers(std::string_view name) {
    constexpr std::array<std::string_view, 7> patterns{
        "allow",
        "cache-control",
        "content-",
        "date",
        "retry-after",
        "stripe-should-retry",
        "x-should-retry"};
    return any_matches(name, patterns);
}

std::string join(std::string_view problem, std::string_view remedy) {
    return std::string(problem).append("; ").append(remedy);
}

}  // namespace

bool is_word(std::string_view text) {
    constexpr std::size_t longest = 64;
    return !text.empty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_alphanumeric(c) || c == '-' || c == '_';
           });
}

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || marks.find(c) != std::string_view::npos;
    });
}

std::string credential_header_problem(std::string_view name) {
    if (!is_token(name)) return std::string(no_header);
    return is_own_field(name) ? join(own_field, "a key goes into another field") : std::string();
}

std::string key_header_problem(std::string_view name) {
    constexpr std::string_view remedy =
        "name the field in which the API looks for the key, such as \"Idempotency-Key\"";
    if (!is_token(name)) return std::string(no_header);
    if (is_own_field(name)) return join(own_field, remedy);
    if (!is_common_request_field(name)) return {};
    return join("is in requests that have no key, and each would count as having one", remedy);
}

std::string answer_header_problem(std::string_view name) {
    if (!is_token(name)) return std::string(no_header);
    const bool ours = is_own_field(name) || is_written_in_answers(name);
    return ours ? join(own_field, "leave it out") : std::string();
}

}  // namespace backstop::config
