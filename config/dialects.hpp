// Dialect files: TOML to policy::Dialect, and the built-in ones by name. docs/DIALECTS.md has every
// key.
#pragma once

#include "config/diagnostic.hpp"
#include "policy/dialect.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

// The content of a file, or nothing if it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

struct BuiltinDialect {
    std::string_view name;
    std::string_view toml;  // as its file has it, comments and all: what `backstop dialects` prints
};
std::span<const BuiltinDialect> builtin_dialects();
// Null if there is none of that name.
const BuiltinDialect* find_builtin_dialect(std::string_view name);

struct LoadedDialect {
    std::shared_ptr<const policy::Dialect> dialect{};  // null if a diagnostic is an error
    std::vector<Diagnostic> diagnostics{};
};
// `name` is what diagnostics call the file. Never throws for what the text says.
LoadedDialect load_dialect(std::string_view toml, std::string_view name);

// The dialect that a user means by `word`: a built-in name, or a path (it has a slash in it or ends
// in ".toml"), whose content `read_file` gives, or nothing. What is wrong with the word itself is a
// diagnostic without a file. Diagnostics say `shown` instead of the word, which may be a secret.
LoadedDialect find_dialect(
    const std::string& word, const std::string& shown, const ReadFile& read_file
);

}  // namespace backstop::config
