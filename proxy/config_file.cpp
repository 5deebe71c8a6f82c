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
    const char* value =
        std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets any
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

std::filesystem::path path_beside(const std::string& config_file, const std::string& path) {
    return std::filesystem::path(config_file).parent_path() / path;
}

std::optional<config::Config> load_config_file(
    const std::string& file, std::ostream& errors, std::vector<FileRead>* read
) {
    const std::optional<std::string> text = read_file(file);
    if (read != nullptr) read->push_back({file, text});
    if (!text) {
        errors << file << ": error: cannot be read; is the path right, and may "
               << "this user read it?\n";
        return std::nullopt;
    }
    config::Surroundings surroundings;
    surroundings.environment = environment;
    surroundings.read_file = [&](const std::string& name) {
        FileRead dialect{path_beside(file, name)};
        dialect.content = read_file(dialect.path);
        if (read != nullptr) read->push_back(dialect);
        return dialect.content;
    };
    config::Loaded loaded = config::load(*text, file, surroundings);
    const std::size_t found = print_findings(loaded.diagnostics, errors);
    if (found > 0) errors << found << (found == 1 ? " error\n" : " errors\n");
    return std::move(loaded.config);
}

}  // namespace backstop::proxy
