#include "proxy/config_file.hpp"

#include "config/load.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <ostream>
#include <system_error>

namespace backstop::proxy {

namespace {

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before threads
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

}  // namespace

std::optional<std::string> read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::error_code ignored;
    if (!file || std::filesystem::is_directory(path, ignored)) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::size_t print_findings(const std::vector<config::Diagnostic>& findings, std::ostream& errors) {
    std::size_t found = 0;
    for (const config::Diagnostic& finding : findings) {
        errors << config::to_string(finding) << "\n";
        if (finding.severity == config::Diagnostic::Severity::error) ++found;
    }
    return found;
}

std::optional<config::Config> load_config_file(const std::string& file, std::ostream& errors) {
    const std::optional<std::string> text = read_file(file);
    if (!text) {
        errors << file << ": error: cannot be read; is the path right, and may "
               << "this user read it?\n";
        return std::nullopt;
    }
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    config::Surroundings surroundings;
    surroundings.environment = environment;
    surroundings.read_file = [&folder](const std::string& name) {
        return read_file(folder / name);
    };
    config::Loaded loaded = config::load(*text, file, surroundings);
    const std::size_t found = print_findings(loaded.diagnostics, errors);
    if (found > 0) errors << found << (found == 1 ? " error\n" : " errors\n");
    return std::move(loaded.config);
}

}  // namespace backstop::proxy
