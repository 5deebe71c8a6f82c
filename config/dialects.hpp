// Dialect files: TOML to policy::Dialect, and the built-in ones by name.
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
    std::string_view toml;
};
std::span<const BuiltinDialect> builtin_dialects();

struct LoadedDialect {
    std::shared_ptr<const policy::Dialect> dialect{};  // null if a diagnostic is an error
    std::vector<Diagnostic> diagnostics{};
};
LoadedDialect load_dialect(std::string_view toml, std::string_view name);

}  // namespace backstop::config
