// The program: one subcommand, one function. Exit statuses as sysexits.h has them: 64 wrong usage,
// 69 an address cannot be bound, 78 bad config, 1 anything else.
#include "config/dialects.hpp"
#include "config/load.hpp"
#include "proxy/feasible.hpp"
#include "proxy/server.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>

namespace {

namespace config = backstop::config;
namespace proxy = backstop::proxy;

constexpr int exit_usage = 64;
constexpr int exit_unavailable = 69;
constexpr int exit_config = 78;

std::optional<std::string> read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::error_code ignored;
    if (!file || std::filesystem::is_directory(path, ignored)) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before threads
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

// Loads and prints every finding to standard error. Nothing if there is an error.
std::optional<config::Config> load(const std::string& file) {
    const std::optional<std::string> text = read_file(file);
    if (!text) {
        std::cerr << file << ": error: cannot be read; is the path right, and may "
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
    std::size_t errors = 0;
    for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
        std::cerr << config::to_string(diagnostic) << "\n";
        if (diagnostic.severity == config::Diagnostic::Severity::error) ++errors;
    }
    if (loaded.config) {
        for (const std::string& finding : proxy::infeasible(*loaded.config)) {
            std::cerr << file << ": error: " << finding << "\n";
            ++errors;
        }
    }
    if (errors > 0) {
        std::cerr << errors << (errors == 1 ? " error\n" : " errors\n");
        return std::nullopt;
    }
    return std::move(loaded.config);
}

int run(const std::string& file) {
    std::optional<config::Config> configuration = load(file);
    if (!configuration) return exit_config;
    proxy::Server::Options options;
    options.build.version = BACKSTOP_VERSION;
    options.build.revision = BACKSTOP_REVISION;
    options.terminal = ::isatty(STDOUT_FILENO) == 1;
    proxy::Server server(std::move(*configuration), options);
    try {
        server.bind();
    } catch (const std::runtime_error& error) {
        std::cerr << "backstop: " << error.what() << "\n";
        return exit_unavailable;
    }
    server.run();
    return EXIT_SUCCESS;
}

int check(const std::string& file) {
    const std::optional<config::Config> configuration = load(file);
    if (!configuration) return exit_config;
    std::cout << config::effective(*configuration);
    return EXIT_SUCCESS;
}

int dialects(const std::string& name) {
    if (name.empty()) {
        for (const config::BuiltinDialect& dialect : config::builtin_dialects()) {
            std::cout << dialect.name << "\n";
        }
        return EXIT_SUCCESS;
    }
    const config::BuiltinDialect* found = config::find_builtin_dialect(name);
    if (found == nullptr) {
        std::cerr << "backstop: there is no built-in dialect '" << name
                  << "'; `backstop dialects` lists them\n";
        return exit_usage;
    }
    std::cout << found->toml;
    return EXIT_SUCCESS;
}

int main_unguarded(int argc, char** argv) {
    CLI::App app("Resilience in front of third-party APIs: a sidecar reverse proxy.", "backstop");
    app.set_version_flag(
        "--version", std::string("backstop ") + BACKSTOP_VERSION + " (" + BACKSTOP_REVISION + ")"
    );
    app.require_subcommand(1);

    std::string file;
    CLI::App* run_command = app.add_subcommand("run", "Serve until told to stop");
    run_command->add_option("--config", file, "The configuration file (TOML)")->required();
    CLI::App* check_command =
        app.add_subcommand("check", "Report every mistake, or print the effective configuration");
    check_command->add_option("--config", file, "The configuration file (TOML)")->required();
    std::string name;
    CLI::App* dialects_command =
        app.add_subcommand("dialects", "List the built-in dialects, or print one");
    dialects_command->add_option("name", name, "The dialect to print");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EXIT_SUCCESS : exit_usage;
    }
    if (run_command->parsed()) return run(file);
    if (check_command->parsed()) return check(file);
    return dialects(name);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return main_unguarded(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "backstop: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
