// The program: one subcommand, one function. Exit statuses as sysexits.h has them: 64 wrong usage,
// 69 an address cannot be bound, 78 bad config, 1 anything else.
#include "config/dialects.hpp"
#include "config/load.hpp"
#include "proxy/client_command.hpp"
#include "proxy/egress.hpp"
#include "proxy/explain_command.hpp"
#include "proxy/lookup.hpp"
#include "proxy/server.hpp"
#include "proxy/setup.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <malloc.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

namespace config = backstop::config;
namespace proxy = backstop::proxy;

constexpr int exit_usage = 64;
constexpr int exit_unavailable = 69;
constexpr int exit_config = 78;

proxy::LoadedSetup load(const std::string& file) {
    proxy::LoadedSetup loaded = proxy::load_setup(file);
    std::cerr << loaded.findings;
    return loaded;
}

// Left alone, glibc ceases to give large blocks back to the system once one of them was freed, and
// a few large bodies stay in memory for good.
void give_large_blocks_back() {
    constexpr int large = 128 * 1024;
    mallopt(M_MMAP_THRESHOLD, large);  // NOLINT(concurrency-mt-unsafe): no other thread yet
}

// What is drained has nothing left to be told: it ends with 0, however often it is asked to.
void hear_no_more_signals() {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
}

int serve(const std::string& file) {
    give_large_blocks_back();
    proxy::LoadedSetup loaded = load(file);
    if (!loaded.setup) return exit_config;
    proxy::Server::Options options;
    options.build.version = BACKSTOP_VERSION;
    options.build.revision = BACKSTOP_REVISION;
    options.terminal = ::isatty(STDOUT_FILENO) == 1;
    proxy::Server server(file, std::move(loaded), options);
    try {
        server.bind();
    } catch (const std::runtime_error& error) {
        std::cerr << "backstop: " << error.what() << "\n";
        return exit_unavailable;
    }
    server.run();
    hear_no_more_signals();
    return EXIT_SUCCESS;
}

int run(const std::string& file) {
    // That nobody reads the log any more must not end the forwarding of calls: LineWriter gets
    // EPIPE instead. The other subcommands have nothing to do but print, and end with their reader.
    std::signal(SIGPIPE, SIG_IGN);
    const int status = serve(file);
    // A name server that does not answer must not keep a Job's pod; and what a look-up's thread may
    // still use must not be taken down under it.
    if (proxy::lookups_under_way() > 0) std::_Exit(status);
    return status;
}

int check(const std::string& file) {
    const proxy::LoadedSetup loaded = load(file);
    if (!loaded.setup) return exit_config;
    std::cout << config::effective(loaded.setup->config)
              << proxy::egress_notes(loaded.setup->config);
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
    proxy::ExplainOptions why;
    CLI::App* explain_command = proxy::add_explain(app, why);
    std::string name;
    CLI::App* dialects_command =
        app.add_subcommand("dialects", "List the built-in dialects, or print one");
    dialects_command->add_option("name", name, "The dialect to print");

    proxy::WaitOptions patience;
    CLI::App* wait_command = proxy::add_wait(app, patience);
    std::string control;
    CLI::App* quit_command = proxy::add_quit(app, control);

    try {
        app.parse(argc, argv);
    } catch (const CLI::RequiredError& error) {
        // What is missing is often there, with a letter missing.
        std::vector<std::string> unknown = app.remaining(true);
        std::ranges::reverse(unknown);  // ExtrasError tells the last one first
        unknown.empty() ? app.exit(error) : app.exit(CLI::ExtrasError(unknown));
        return exit_usage;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EXIT_SUCCESS : exit_usage;
    }
    if (run_command->parsed()) return run(file);
    if (check_command->parsed()) return check(file);
    if (explain_command->parsed()) return proxy::explain(why, std::cin, std::cout, std::cerr);
    if (wait_command->parsed()) return proxy::wait(patience, std::cerr);
    if (quit_command->parsed()) return proxy::quit(control, std::cerr);
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
