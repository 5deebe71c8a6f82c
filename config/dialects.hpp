// Dialect files: TOML to policy::Dialect, and the built-in ones by name. docs/DIALECTS.md has every
// key.
#pragma once

#include "config/diagnostic.hpp"
#include "policy/dialect.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace backstop::config {

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

}  // namespace backstop::config
