// `backstop wait` and `backstop quit`: the program as a client of another one that runs, for images
// without a shell and for Jobs.
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's
class App;
}

namespace backstop::proxy {

struct WaitOptions {
    std::string admin = "127.0.0.1:9464";
    std::string timeout = "30s";
};

CLI::App* add_wait(CLI::App& app, WaitOptions& options);
CLI::App* add_quit(CLI::App& app, std::string& control);

// Each returns the exit status. 64: an address or a time is none.
// 0 as soon as /readyz of the admin listener says so; 1 if it does not in time.
int wait(const WaitOptions& options, std::ostream& errors);
// 0 once it has been told to drain, which takes its time; 1 if nobody listens there.
int quit(const std::string& control, std::ostream& errors);

}  // namespace backstop::proxy
