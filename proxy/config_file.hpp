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

// A path in a configuration starts at the configuration's folder.
std::filesystem::path path_beside(const std::string& config_file, const std::string& path);

// A file that a configuration needs, and what it held: nothing if it could not be read.
struct FileRead {
    std::filesystem::path path{};
    std::optional<std::string> content{};
};

// Loads, with the environment and with files relative to its folder, and prints every finding to
// `errors`. Nothing if one of them is an error. `read`, if there: what was read is added, the file
// itself first.
std::optional<config::Config> load_config_file(
    const std::string& file, std::ostream& errors, std::vector<FileRead>* read = nullptr
);

}  // namespace backstop::proxy
