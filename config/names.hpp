// Names that a file gives: one word for people and metrics, or the name of a header.
#pragma once

#include <string>
#include <string_view>

namespace backstop::config {

// Letters, digits, '-' and '_', at most 64: what can be a metric label, a log word and a part of a
// diagnostic.
bool is_word(std::string_view text);
inline constexpr std::string_view word_expected =
    "expected one word of letters, digits, '-' and '_', at most 64 long";

// RFC 9110 5.6.2: what names of headers and methods are made of.
bool is_token(std::string_view text);

// What is wrong with a header that is to carry a credential, an idempotency key, or a value in an
// error of our own; empty: nothing.
std::string credential_header_problem(std::string_view name);
std::string key_header_problem(std::string_view name);
std::string answer_header_problem(std::string_view name);

}  // namespace backstop::config
