#include "config/dialects.hpp"

namespace backstop::config {

const BuiltinDialect* find_builtin_dialect(std::string_view name) {
    for (const BuiltinDialect& dialect : builtin_dialects())
        if (dialect.name == name) return &dialect;
    return nullptr;
}

}  // namespace backstop::config
