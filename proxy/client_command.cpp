#include "proxy/client_command.hpp"

#include "config/address.hpp"
#include "config/units.hpp"
#include "proxy/acceptor.hpp"
#include "proxy/async.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ostream>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>

namespace backstop::proxy {

namespace {

constexpr int exit_usage = 64;
constexpr policy::Duration between_looks = std::chrono::milliseconds(50);
constexpr policy::Duration patience = std::chrono::seconds(5);  // for one answer

struct Told {
    int status = 0;         // 0: no answer
    std::string trouble{};  // then why
};

error_code last_error() {
    // A time that has run out is reported as "try again", or as "under way" of a connect.
    if (errno == EAGAIN || errno == EINPROGRESS) return asio::error::timed_out;
    return {errno, boost::system::system_category()};
}

// Blocking calls, each of which ends by then.
void bound(int descriptor, policy::Instant give_up_at) {
    const auto left = std::chrono::ceil<std::chrono::microseconds>(give_up_at - steady_now());
    const auto micros = std::max<std::chrono::microseconds::rep>(left.count(), 1);  // 0: for ever
    const timeval time{micros / 1'000'000, micros % 1'000'000};
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

// Sends a request, and receives at least the beginning of the answer.
error_code exchange(
    int descriptor, const Endpoint& to, std::string_view request, std::string& answer
) {
    constexpr std::size_t enough = std::string_view("HTTP/1.1 200").size();
    if (::connect(descriptor, to.data(), static_cast<socklen_t>(to.size())) != 0)
        return last_error();
    if (::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) < 0) return last_error();
    std::array<char, 512> piece{};
    while (answer.size() < enough) {
        const ssize_t size = ::recv(descriptor, piece.data(), piece.size(), 0);
        if (size < 0) return last_error();
        if (size == 0) return asio::error::eof;
        answer.append(piece.data(), static_cast<std::size_t>(size));
    }
    return {};
}

Told ask(const config::Address& address, std::string_view line, policy::Instant give_up_at) {
    asio::io_context io;
    Socket socket(io.get_executor());
    error_code ec;
    const Endpoint to = endpoint_of(address, ec);
    if (!ec) socket.open(to.protocol(), ec);
    if (ec) return {0, ec.message()};
    const std::string request =
        std::string(line) +
        " HTTP/1.1\r\nHost: backstop\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    std::string answer;
    bound(socket.native_handle(), give_up_at);
    ec = exchange(socket.native_handle(), to, request, answer);
    if (ec) return {0, ec.message()};
    constexpr std::string_view version = "HTTP/1.1 ";
    const int status = answer.starts_with("HTTP/1.") ? std::atoi(&answer[version.size()]) : 0;
    return {status, status == 0 ? "what answers there is not backstop" : ""};
}

std::string trouble_of(const Told& told) {
    return told.status == 0 ? told.trouble : "it answers " + std::to_string(told.status);
}

}  // namespace

CLI::App* add_wait(CLI::App& app, WaitOptions& options) {
    CLI::App* command = app.add_subcommand("wait", "Return when a running backstop is ready");
    command->add_option("--admin", options.admin, "Its admin address")->capture_default_str();
    command->add_option("--timeout", options.timeout, "How long at most")->capture_default_str();
    return command;
}

CLI::App* add_quit(CLI::App& app, std::string& control) {
    CLI::App* command = app.add_subcommand("quit", "Ask a running backstop to drain and exit");
    command->add_option("--control", control, "Its control socket (unix:/path)")->required();
    return command;
}

int wait(const WaitOptions& options, std::ostream& errors) {
    const config::ParsedAddress parsed = config::parse_address(options.admin);
    if (!parsed.problem.empty()) {
        errors << "backstop: --admin " << options.admin << ": " << parsed.problem << "\n";
        return exit_usage;
    }
    const auto timeout = config::parse_duration(options.timeout);
    if (!timeout) {
        errors << "backstop: --timeout " << options.timeout
               << ": expected a duration such as \"30s\"\n";
        return exit_usage;
    }
    const policy::Instant give_up_at = steady_now() + *timeout;
    std::string trouble;
    do {
        for (const config::Address& address : parsed.addresses) {
            const policy::Instant until = std::min(give_up_at, steady_now() + patience);
            const Told told = ask(address, "GET /readyz", until);
            if (told.status == 200) return EXIT_SUCCESS;
            trouble = address.text() + ": " + trouble_of(told);
        }
        std::this_thread::sleep_for(std::min(between_looks, give_up_at - steady_now()));
    } while (steady_now() < give_up_at);
    errors << "backstop: not ready within " << config::print_duration(*timeout) << "; " << trouble
           << "\n";
    return EXIT_FAILURE;
}

int quit(const std::string& control, std::ostream& errors) {
    const config::ParsedAddress parsed = config::parse_address(control);
    if (!parsed.problem.empty() || parsed.addresses.front().unix_path.empty()) {
        errors << "backstop: --control " << control
               << ": expected the Unix socket of [admin] control, such as "
                  "\"unix:/run/backstop/control.sock\"\n";
        return exit_usage;
    }
    const Told told = ask(parsed.addresses.front(), "POST /quit", steady_now() + patience);
    if (told.status == 200) return EXIT_SUCCESS;
    errors << "backstop: " << control << ": " << trouble_of(told)
           << "; does backstop run with this [admin] control, as the same user?\n";
    return EXIT_FAILURE;
}

}  // namespace backstop::proxy
