#include "proxy/explain_command.hpp"

#include <CLI/CLI.hpp>

namespace backstop::proxy {

CLI::App* add_explain(CLI::App& app, ExplainOptions& options) {
    CLI::App* command = app.add_subcommand(
        "explain", "Why: what would be done with this response, and the arithmetic of the wait"
    );

    const char* const rules = "Rules";
    command->add_option("--dialect", options.dialect, "A built-in dialect, or the path of one")
        ->group(rules);
    command->add_option("--config", options.config, "Or a configuration file (TOML)")->group(rules);
    command->add_option("--upstream", options.upstream, "Which upstream, if it has several")
        ->group(rules);

    const char* const request = "Request";
    command->add_option("--method", options.method, "Its method (GET)")->group(request);
    command->add_option("--path", options.path, "Its path, which finds the route (/)")
        ->group(request);
    command->add_option("--request-body", options.request_body, "Its body")->group(request);
    command
        ->add_flag(
            "--key", options.key, "The client sent a key of its own in the API's idempotency header"
        )
        ->group(request);
    command->add_flag("--body-lost", options.body_lost, "Its body was too large to be kept")
        ->group(request);
    command->add_option("--timeout", options.timeout, "Its Backstop-Timeout, such as 1500ms")
        ->group(request);
    command->add_option("--attempts-max", options.attempts_max, "Its Backstop-Attempts-Max")
        ->group(request);

    const char* const response = "Response";
    command
        ->add_option(
            "response",
            options.response,
            "A file with the output of `curl -i`; - for standard input"
        )
        ->group(response);
    command->add_option("--status", options.status, "Or its status")->group(response);
    command->add_option("-H,--header", options.headers, "A header of it, 'Retry-After: 2'; repeats")
        ->take_all()
        ->expected(1)
        ->group(response);
    command->add_option("--body", options.body, "Its body")->group(response);
    command
        ->add_option(
            "--failure",
            options.failure,
            "Or what broke: resolve, connect, tls, send, reset, timeout, truncated, malformed"
        )
        ->group(response);

    const char* const moment = "Moment";
    command->add_option("--attempt", options.attempt, "Which attempt this was the end of (1)")
        ->group(moment);
    command->add_option("--left", options.left, "Until the deadline, such as 3s (all of it)")
        ->group(moment);
    command->add_flag("--unknown", options.unknown, "What became of an earlier attempt is unknown")
        ->group(moment);
    command->add_option("--roll", options.roll, "The jitter drawn, from 0 to below 1 (0.5)")
        ->group(moment);
    command
        ->add_option("--at", options.at, "When it came, ISO 8601 (the response's Date, else now)")
        ->group(moment);

    const char* const instead = "Instead of a response";
    command
        ->add_option(
            "--log",
            options.log,
            "A file of access lines, - for standard input: come to each decision again, and report "
            "those that differ"
        )
        ->group(instead);
    command->add_flag("--table", options.table, "Print docs/DECISIONS.md: every dialect and status")
        ->group(instead);
    command->add_flag("--json", options.json, "For a machine");
    return command;
}

}  // namespace backstop::proxy
