// Reads a configuration: text in, values or every mistake at once out.
#pragma once

#include "config/config.hpp"
#include "config/diagnostic.hpp"
#include "config/dialects.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

// The world outside the text, handed in so that loading stays a function.
struct Surroundings {
    // The value of an environment variable, or nothing if it is not set.
    std::function<std::optional<std::string>(const std::string&)> environment;
    // The content of a file (a user's dialect), or nothing if it cannot be read. Relative paths are
    // resolved by the caller against the folder of the config file.
    ReadFile read_file;
};

// `config` is set only when no diagnostic is an error.
struct Loaded {
    std::optional<Config> config{};
    std::vector<Diagnostic> diagnostics{};
};

// `name` is what diagnostics call the file. Never throws for what the text says.
Loaded load(std::string_view toml, std::string_view name, const Surroundings& surroundings);

// The configuration that says nothing but the dialect, with one upstream: what backstop does with
// that API if nobody says otherwise. `dialect` as in find_dialect().
Loaded load_defaults(const std::string& dialect, const ReadFile& read_file);

// The effective configuration as TOML with credentials, userinfo and everything that came from
// ${} redacted: what `check` prints and `/status` shows.
std::string effective(const Config& config);

}  // namespace backstop::config
