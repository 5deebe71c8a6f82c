// One finding about a file: where, what, and what would be right.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

struct Diagnostic {
    enum class Severity {
        error,
        warning
    } severity = Severity::error;
    std::string file{};
    std::size_t line = 0;  // from 1; 0: the file as a whole
    std::size_t column = 0;
    std::string path{};     // "upstream.acme.retry.max_attemps"
    std::string message{};  // "unknown key; did you mean 'max_attempts'?"
    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

// backstop.toml:14:1: error: upstream.acme.retry.max_attemps: unknown key; did you mean …
std::string to_string(const Diagnostic& diagnostic);

// The nearest of `candidates` to `word` (edit distance, at most a third of its length), or empty.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace backstop::config
