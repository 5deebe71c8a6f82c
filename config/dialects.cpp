#include "config/dialects.hpp"

#include "config/reader.hpp"

namespace backstop::config {
namespace {

LoadedDialect no_dialect(std::string message) {
    return {nullptr, {Diagnostic{.message = std::move(message)}}};
}

LoadedDialect no_such_builtin(const std::string& word, const std::string& shown) {
    std::vector<std::string_view> names;
    for (const BuiltinDialect& dialect : builtin_dialects())
        names.push_back(dialect.name);
    const std::string found = "there is no built-in dialect '" + shown + "'";
    const std::string hint = shown == word ? suggestion(word, names) : std::string();
    if (!hint.empty()) return no_dialect(found + hint);
    return no_dialect(
        found + "; there is: " + enumerate(names, "and") +
        "; a file is given by its path, with a slash in it or \".toml\" at its end"
    );
}

}  // namespace

const BuiltinDialect* find_builtin_dialect(std::string_view name) {
    for (const BuiltinDialect& dialect : builtin_dialects())
        if (dialect.name == name) return &dialect;
    return nullptr;
}

LoadedDialect find_dialect(
    const std::string& word, const std::string& shown, const ReadFile& read_file
) {
    const bool is_path = word.find('/') != std::string::npos || word.ends_with(".toml");
    if (is_path) {
        const std::optional<std::string> text = read_file ? read_file(word) : std::nullopt;
        return text ? load_dialect(*text, shown)
                    : no_dialect("the file '" + shown + "' cannot be read");
    }
    const BuiltinDialect* const builtin = find_builtin_dialect(word);
    return builtin ? load_dialect(builtin->toml, builtin->name) : no_such_builtin(word, shown);
}

}  // namespace backstop::config
