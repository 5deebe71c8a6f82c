// backstop-simulator: the stand-in for a third-party API, as a program.

#include "tests/simulator/malformed.hpp"
#include "tests/simulator/simulator.hpp"

#include <boost/json.hpp>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

constexpr const char* fault_help =
    "a fault in the words of /_sim/faults, for example\n"
    "  'status code=500 count=2 path=/v1/calls/start'\n"
    "  'reset stage=after_processing probability=0.1'\n"
    "  'latency ms=200 jitter_ms=50'\n"
    "may be given many times";

constexpr const char* set_help =
    "a setting in the words of /_sim/settings, for example limit=5 or window_ms=2000; may be given "
    "many times";

// NAME=VALUE, the value being JSON where it can be, else a string.
void add_setting(boost::json::object& settings, const std::string& text) {
    const std::size_t sign = text.find('=');
    if (sign == std::string::npos) {
        throw simulator::BadInput("--set", "expected NAME=VALUE, got '" + text + "'");
    }
    const std::string value = text.substr(sign + 1);
    boost::system::error_code failure;
    boost::json::value parsed = boost::json::parse(value, failure);
    settings[text.substr(0, sign)] = failure ? boost::json::value(value) : parsed;
}

// Signals are taken here and nowhere else, so they are blocked before the first thread begins.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

int run(int argc, char** argv) {
    simulator::Simulator::Options options;
    std::string tier;
    std::string limits;
    std::int64_t quota = -1;
    std::int64_t clock_offset_s = 0;
    bool no_conflict = false;
    std::vector<std::string> settings;
    std::vector<std::string> keys;
    std::vector<std::string> revoked;

    CLI::App app("Stands in for a third-party API, with faults on demand.", "backstop-simulator");
    app.add_option("--api", options.api, "sticky-calls, levrage, leavo or truedy")
        ->capture_default_str();
    app.add_option("--listen", options.listen, "ADDRESS:PORT; port 0 takes a free one; '' for none")
        ->capture_default_str();
    app.add_option("--tls-listen", options.tls_listen, "ADDRESS:PORT");
    app.add_option("--control-listen", options.control_listen, "ADDRESS:PORT; meets no fault");
    app.add_option("--cert", options.certificate_file, "certificate chain (PEM)");
    app.add_option("--key", options.private_key_file, "private key (PEM)");
    app.add_option("--seed", options.seed, "of all chance")->capture_default_str();
    app.add_option("--fault", options.faults, fault_help)->allow_extra_args(false);
    app.add_option("--tier", tier, "what the account pays for, such as free; each API has its own");
    app.add_option("--quota", quota, "calls left this month (Sticky Calls)")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--limits", limits, "rate limit and quota")->check(CLI::IsMember({"on", "off"}));
    app.add_flag("--no-conflict", no_conflict, "act twice instead of answering 409");
    app.add_option("--api-key", keys, "a key to accept, instead of the API's own")
        ->allow_extra_args(false);
    app.add_option("--revoked-key", revoked, "a key to call revoked, instead of the API's own")
        ->allow_extra_args(false);
    app.add_option("--clock-offset", clock_offset_s, "seconds that its dates are fast");
    app.add_option("--set", settings, set_help)->allow_extra_args(false);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 64;
    }

    if (!tier.empty()) options.settings["tier"] = tier;
    if (!limits.empty()) options.settings["limits"] = limits == "on";
    if (quota >= 0) options.settings["quota"] = quota;
    if (no_conflict) options.settings["conflicts"] = false;
    if (!keys.empty()) options.settings["keys"] = boost::json::value_from(keys);
    if (!revoked.empty()) options.settings["revoked"] = boost::json::value_from(revoked);
    options.clock_offset = std::chrono::seconds(clock_offset_s);
    for (const std::string& text : settings)
        add_setting(options.settings, text);
    if (options.tls_listen.empty() != options.certificate_file.empty() ||
        options.tls_listen.empty() != options.private_key_file.empty()) {
        throw simulator::BadInput("--tls-listen", "needs --cert and --key, and they need it");
    }

    const sigset_t signals = block_signals();
    const simulator::Simulator server(options);
    const auto url = [](const char* scheme, const std::string& address, std::uint16_t port) {
        return scheme + address.substr(0, address.rfind(':') + 1) + std::to_string(port);
    };
    std::string addresses;
    if (server.port() != 0) addresses += " " + url("http://", options.listen, server.port());
    if (server.tls_port() != 0) {
        addresses += " " + url("https://", options.tls_listen, server.tls_port());
    }
    if (server.control_port() != 0) {
        addresses += " control " + url("http://", options.control_listen, server.control_port());
    }
    std::printf("backstop-simulator: %s ready on%s\n", options.api.c_str(), addresses.c_str());
    std::fflush(stdout);
    int received = 0;
    sigwait(&signals, &received);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const simulator::BadInput& wrong) {
        std::fprintf(stderr, "backstop-simulator: %s\n", wrong.what());
        return 64;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "backstop-simulator: %s\n", error.what());
        return 69;
    }
}
