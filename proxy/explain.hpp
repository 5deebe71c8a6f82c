// `backstop explain`: reads what it is asked, asks policy::explain() or policy::replay(), prints.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace backstop::proxy {

// As on the command line; texts are checked by explain().
struct ExplainOptions {
    std::string dialect{};   // by name or path; or else
    std::string config{};    // a file, and
    std::string upstream{};  // one of its upstreams, if there are several

    std::string method = "GET";
    std::string path = "/";
    std::string request_body{};
    bool key = false;  // the client sent its own
    bool body_lost = false;
    std::string timeout{};  // Backstop-Timeout
    std::optional<int> attempts_max{};

    int attempt = 1;
    std::string left{};  // until the deadline
    bool unknown = false;
    double roll = 0.5;
    std::string at{};  // when the outcome came; ISO 8601

    std::string response{};  // a file with `curl -i` output, "-" for standard input; or else
    std::optional<int> status{};
    std::vector<std::string> headers{};
    std::string body{};
    std::string failure{};  // instead of a response

    std::string log{};  // a file of access lines, "-" for standard input
    bool table = false;
    bool json = false;
};

// Returns the exit status: 0; 1 where --log finds a decision that it does not come to again; 64 for
// what makes no sense, 78 for a config or a dialect's file with mistakes; `errors` says what.
int explain(
    const ExplainOptions& options, std::istream& input, std::ostream& output, std::ostream& errors
);

}  // namespace backstop::proxy
