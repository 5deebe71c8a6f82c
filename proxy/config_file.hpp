// A configuration file, as the commands of the program read it.
#pragma once

#include "config/config.hpp"
#include "config/diagnostic.hpp"

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace backstop::proxy {

// The content, or nothing if it cannot be read or is a folder.
std::optional<std::string> read_file(const std::filesystem::path& path);

// One line for each finding; returns how many are errors.
std::size_t print_findings(const std::vector<config::Diagnostic>& findings, std::ostream& errors);

// Loads, with the environment and with files relative to its folder, and prints every finding to
// `errors`. Nothing if one of them is an error.
std::optional<config::Config> load_config_file(const std::string& file, std::ostream& errors);

}  // namespace backstop::proxy
