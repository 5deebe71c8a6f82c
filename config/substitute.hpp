// ${VAR} and ${VAR:-default} in the texts of a file.
#pragma once

#include "config/document.hpp"
#include "config/report.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

// Looks up an environment variable: its value, or nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

struct Substituted {
    struct Problem {
        std::string reference;  // as it stands in the text, such as "${TOKEN}"
        std::string message;
    };
    std::string text{};
    bool referred = false;  // was there any reference, sound or not?
    std::vector<Problem> problems{};
};

// As a shell does it: the default also stands in for a variable that is set and empty. It is plain
// text, which ends at the first brace: a "${" in it is a problem. "$${" is a "${" that stays. A "$"
// before anything but a brace is just that.
Substituted substitute(std::string_view text, const Environment& environment);

// The same for every text of a document; `source` is what it was parsed from.
void substitute_all(
    Node& root, std::string_view source, const Environment& environment, Report& report
);

}  // namespace backstop::config
