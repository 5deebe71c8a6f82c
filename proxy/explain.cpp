#include "proxy/explain.hpp"

#include "config/load.hpp"
#include "config/units.hpp"
#include "policy/date.hpp"
#include "proxy/access_reader.hpp"
#include "proxy/config_file.hpp"
#include "proxy/curl_output.hpp"
#include "proxy/decision_table.hpp"
#include "proxy/explanation.hpp"
#include "proxy/peek.hpp"
#include "proxy/replay_report.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <istream>
#include <iterator>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace backstop::proxy {
namespace {

constexpr int exit_usage = 64;
constexpr int exit_config = 78;

using Wrong = std::invalid_argument;

policy::Duration duration(const std::string& option, const std::string& text) {
    const auto found = config::parse_duration(text);
    if (!found || *found <= policy::Duration::zero())
        throw Wrong(option + ": '" + text + "' is no duration above zero, such as 1500ms or 3s");
    return *found;
}

std::string content(const std::string& file, std::istream& input) {
    if (file == "-") return {std::istreambuf_iterator<char>(input), {}};
    const auto text = read_file(file);
    if (!text) throw Wrong(file + ": cannot be read; `-` is standard input");
    return *text;
}

// One source of rules, one outcome.
void check_what_is_given(const ExplainOptions& options) {
    const int outcomes =
        static_cast<int>(!options.response.empty()) + static_cast<int>(options.status.has_value()) +
        static_cast<int>(!options.failure.empty()) + static_cast<int>(!options.log.empty());
    if (options.dialect.empty() == options.config.empty())
        throw Wrong("give either --dialect NAME or --config FILE");
    if (!options.upstream.empty() && options.config.empty())
        throw Wrong("--upstream: names one of a --config, and there is none");
    if (outcomes != 1)
        throw Wrong(
            "give one, and only one, of: a file with the output of `curl -i` (`-` for standard "
            "input), --status, "
            "--failure, --log"
        );
    const bool has_parts = !options.headers.empty() || !options.body.empty();
    if (has_parts && !options.status)
        throw Wrong("--header and --body: belong to a --status; a file has its own");
}

void check_request(const ExplainOptions& options) {
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; };
    if (options.method.empty() || !std::ranges::all_of(options.method, is_letter))
        throw Wrong("--method: is in capital letters, such as POST");
    if (!options.path.starts_with('/')) throw Wrong("--path: starts with a slash");
}

void check(const ExplainOptions& options) {
    check_what_is_given(options);
    if (options.status && (*options.status < 100 || *options.status > 999))
        throw Wrong("--status: has three digits, such as 429");
    if (options.attempt < 1 || options.attempt > 10) throw Wrong("--attempt: is from 1 to 10");
    if (options.attempts_max && *options.attempts_max < 1)
        throw Wrong("--attempts-max: is 1 or more");
    if (!(options.roll >= 0 && options.roll < 1)) throw Wrong("--roll: is from 0 to below 1");
    if (options.unknown && options.attempt == 1)
        throw Wrong("--unknown: is about an earlier attempt, and --attempt is 1");
    check_request(options);
}

std::optional<config::Config> load(const ExplainOptions& options, std::ostream& errors) {
    if (!options.config.empty()) return load_config_file(options.config, errors);
    const auto read = [](const std::string& path) { return read_file(path); };
    config::Loaded loaded = config::load_defaults(options.dialect, read);
    // What is wrong with the word itself, and not with a file, is wrong usage.
    for (const config::Diagnostic& found : loaded.diagnostics)
        if (found.file.empty()) throw Wrong("--dialect: " + found.message);
    print_findings(loaded.diagnostics, errors);
    return std::move(loaded.config);
}

const config::Upstream& find_upstream(const config::Config& config, const std::string& name) {
    const auto& upstreams = config.upstreams;
    if (name.empty() && upstreams.size() == 1) return upstreams.front();
    const auto found = std::ranges::find(upstreams, name, &config::Upstream::name);
    if (found != upstreams.end()) return *found;
    std::string names;
    for (const config::Upstream& each : upstreams)
        names += (names.empty() ? "" : ", ") + each.name;
    if (name.empty()) throw Wrong("--upstream: there are several; name one of " + names);
    throw Wrong("--upstream: there is no '" + name + "'; there is: " + names);
}

// A response and the texts that policy only has views of.
struct Heard {
    CurlOutput response{};
    std::string decoded{};
    std::vector<policy::Field> fields{};
};

void hear(Heard& heard, const ExplainOptions& options, std::istream& input) {
    if (options.status) {
        heard.response = {.status = *options.status, .body = options.body};
        for (const std::string& header : options.headers)
            heard.response.fields.push_back(parse_field(header));
    } else {
        const std::string text = content(options.response, input);
        try {
            heard.response = parse_curl_output(text);
        } catch (const std::invalid_argument& error) {
            const bool named = options.response == "-";
            throw Wrong((named ? "standard input" : options.response) + ": " + error.what());
        }
    }
    for (const auto& [name, value] : heard.response.fields)
        heard.fields.push_back({name, value});
}

policy::ResponseHead head_of(Heard& heard, const policy::Dialect& dialect) {
    policy::ResponseHead head{.status = heard.response.status, .fields = heard.fields};
    if (!policy::wants_body(dialect, head.status)) return head;
    const std::string_view body = std::string_view(heard.response.body).substr(0, peek_bytes);
    const auto coding = policy::find_header(heard.fields, "Content-Encoding");
    heard.decoded = decoded_copy(body, coding.value_or(""));
    // `curl --compressed` prints the header, and the body as it was before.
    head.body = heard.decoded.empty() ? body : std::string_view(heard.decoded);
    head.kept = true;
    return head;
}

policy::Failure failure_of(const std::string& word) {
    using Kind = policy::FailureKind;
    const auto kind = policy::failure_from(word);
    if (!kind || *kind == Kind::none)
        throw Wrong(
            "--failure: '" + word +
            "' is none of resolve, connect, tls, send, reset, timeout, "
            "truncated, malformed"
        );
    policy::Failure failure{.kind = *kind};
    const bool before = *kind == Kind::resolve || *kind == Kind::connect || *kind == Kind::tls;
    failure.written_any = !before;
    failure.written_all = !before && *kind != Kind::send;
    failure.answered_any = *kind == Kind::truncated || *kind == Kind::malformed;
    if (*kind == Kind::resolve) failure.stage = policy::Stage::resolve;
    if (*kind == Kind::tls) failure.stage = policy::Stage::handshake;
    if (failure.written_any) failure.stage = policy::Stage::send;
    if (failure.written_all) failure.stage = policy::Stage::await_head;
    return failure;
}

policy::WallTime time_of(const ExplainOptions& options, const Heard& heard) {
    const policy::WallTime now = std::chrono::system_clock::now();
    if (!options.at.empty()) {
        const auto at = policy::parse_iso8601(options.at);
        if (!at) throw Wrong("--at: '" + options.at + "' is no time such as 2026-02-08T12:00:00Z");
        return *at;
    }
    const auto date = policy::find_header(heard.fields, "Date");
    return (date ? policy::parse_http_date(*date, now) : std::nullopt).value_or(now);
}

int explain_one(
    const ExplainOptions& options,
    const policy::Rules& rules,
    std::istream& input,
    std::ostream& output
) {
    policy::Situation situation{.method = options.method, .target = options.path};
    situation.request_body = options.request_body;
    situation.body_kept = !options.body_lost;
    situation.client_key = options.key;
    situation.attempt = options.attempt;
    situation.earlier_unknown = options.unknown;
    situation.attempts_wish = options.attempts_max;
    if (!options.timeout.empty()) situation.timeout_wish = duration("--timeout", options.timeout);
    if (!options.left.empty()) situation.left = duration("--left", options.left);
    situation.roll = options.roll;
    Heard heard;
    if (options.failure.empty()) {
        hear(heard, options, input);
        situation.outcome = head_of(heard, *rules.dialect);
    } else {
        situation.outcome = failure_of(options.failure);
    }
    // Any steady time will do: only differences count.
    situation.now = {policy::Instant(std::chrono::hours(24 * 365)), time_of(options, heard)};
    const policy::Explanation explanation = policy::explain(rules, situation);
    output
        << (options.json ? to_json(rules, situation, explanation)
                         : to_text(rules, situation, explanation));
    return EXIT_SUCCESS;
}

void replay_line(
    const ExplainOptions& options,
    const config::Config& config,
    std::size_t number,
    const std::string& text,
    ReplayReport& report
) {
    const auto line = read_access_line(text);
    if (!line) return;
    const bool configured = options.dialect.empty();
    // A dialect stands for whatever upstream the line is of.
    const policy::Rules& rules =
        find_upstream(config, configured ? line->upstream : std::string()).rules;
    const policy::Route* route = configured ? policy::logged_route(rules, line->exchange) : nullptr;
    if (configured && route == nullptr) report.no_route();
    report.add(number, *line, policy::replay(rules, line->exchange, route));
}

int replay_log(
    const ExplainOptions& options,
    const config::Config& config,
    std::istream& input,
    std::ostream& output
) {
    const std::string file = options.log == "-" ? "standard input" : options.log;
    ReplayReport report(output, options.json, options.dialect.empty());
    std::istringstream lines(content(options.log, input));
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        try {
            replay_line(options, config, number, line, report);
        } catch (const NoObject&) {
            report.skipped();
        } catch (const std::invalid_argument& error) {
            report.unreadable(file + ":" + std::to_string(number) + ": " + error.what());
        }
    }
    if (!report.empty()) return report.finish() ? EXIT_SUCCESS : EXIT_FAILURE;
    if (!report.first_unreadable().empty()) throw Wrong(report.first_unreadable());
    std::string why = "--log: there is no access line in " + file;
    if (const std::size_t skipped = report.lines_skipped(); skipped > 0)
        why += "; lines that are no JSON objects: " + std::to_string(skipped) +
               " (`kubectl logs --timestamps` and `--prefix` make such)";
    throw Wrong(why);
}

}  // namespace

int explain(
    const ExplainOptions& options, std::istream& input, std::ostream& output, std::ostream& errors
) {
    try {
        if (options.table) {
            output << decision_table();
            return EXIT_SUCCESS;
        }
        check(options);
        const std::optional<config::Config> config = load(options, errors);
        if (!config) return exit_config;
        if (!options.log.empty()) return replay_log(options, *config, input, output);
        const config::Upstream& upstream = find_upstream(*config, options.upstream);
        return explain_one(options, upstream.rules, input, output);
    } catch (const std::invalid_argument& error) {
        errors << "backstop explain: " << error.what() << "\n";
        return exit_usage;
    }
}

}  // namespace backstop::proxy
