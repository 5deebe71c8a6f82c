#include "proxy/decision_table.hpp"

#include "config/dialects.hpp"
#include "config/load.hpp"
#include "proxy/explanation.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace backstop::proxy {
namespace {

constexpr std::array statuses{200, 400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504};
// The renewing command stands in the file, for whoever sees the test fail.
constexpr std::string_view preface =
    R"(# What backstop does with each status

Made by `backstop explain --table > docs/DECISIONS.md`, from the dialects as they are and by the code that serves
traffic; a test fails when this page and the code differ.

Nothing is configured but the dialect; responses have no body and no fields; the whole deadline is left; the gate is open,
the breaker closed and the budget full. A cell has the first, the second and the last of three attempts, or one entry where
they are alike.

- **retry 1 to 2 s**: sent again after a time drawn between the two. Where the API says how long, that counts instead.
- **pass on**: the client gets the API's answer as it is; after a retry, with `X-Should-Retry: false`.
- In brackets, why something that may pass is not tried again: **unsafe**, the API may have acted and nothing makes it safe
  to repeat; **attempts**, all have been made.
- **fallback 200**: the route's degraded answer.

On routes where the API honours a key, backstop adds one if the client sends none, so "POST, no key" is about all others.
A 409 after an attempt whose outcome stayed unknown is another matter: `backstop explain --attempt 2 --unknown`.

**Levrage and Leavo call every 5xx safe to send again, POST without a key included, and know no key.** Their guides decide,
and so does this table. Should the API have acted before it failed, the resent POST acts a second time, or gets a 409 about
what the first one made; `Backstop-Attempts` above 1 says that there was a first one. Levrage's 504, a request that took
too long, is the likeliest. Who would rather see the error takes a dialect of their own with `retry = "repeatable"` there.
)";

struct Column {
    std::string title;
    std::string method;
    std::string target;
    bool client_key = false;
    bool honoured = false;  // by a route of the config, where the dialect names none
};

policy::Rules rules_of(std::string_view dialect) {
    config::Loaded loaded = config::load_defaults(std::string(dialect), {});
    if (!loaded.config) throw std::logic_error("a built-in dialect does not load");
    return std::move(loaded.config->upstreams.front().rules);
}

// A path that the template matches.
std::string example(const policy::PathTemplate& path) {
    std::string out;
    bool within = false;
    for (const char c : path.text()) {
        if (c == '{') out += '1';
        within = c == '{' || (within && c != '}');
        if (!within && c != '}') out += c;
    }
    return out;
}

std::vector<Column> columns_of(const policy::Rules& rules) {
    std::vector<Column> columns{
        {.title = "GET", .method = "GET", .target = "/"},
        {.title = "POST, no key", .method = "POST", .target = "/"}};
    if (rules.dialect->key_header.empty()) {
        columns.push_back({"POST with a key (the API knows none)", "POST", "/", true});
        return columns;
    }
    for (const policy::Route& route : rules.routes) {
        if (!route.keyed) continue;
        const std::string title = route.method + " " + route.path.text() + ", with a key";
        columns.push_back({title, route.method, example(route.path), true});
    }
    if (columns.size() == 2)
        columns.push_back(
            {"POST with a key, on a route with `keyed = true`", "POST", "/", true, true}
        );
    return columns;
}

policy::Explanation explained(
    const policy::Rules& rules, const Column& column, int status, int attempt, double roll
) {
    policy::Situation situation{.method = column.method, .target = column.target};
    situation.client_key = column.client_key;
    situation.attempt = attempt;
    situation.outcome = policy::ResponseHead{.status = status};
    situation.roll = roll;
    return policy::explain(rules, situation);
}

std::string entry(const policy::Rules& rules, const Column& column, int status, int attempt) {
    const double highest = std::nextafter(1.0, 0.0);
    const policy::Explanation least = explained(rules, column, status, attempt, 0);
    if (std::holds_alternative<policy::Wait>(least.step)) {
        const policy::Explanation most = explained(rules, column, status, attempt, highest);
        std::string from = in_seconds(least.record.judgement->decision.delay.wait);
        from.resize(from.size() - std::string_view(" s").size());
        const std::string to = in_seconds(most.record.judgement->decision.delay.wait);
        const policy::Rule* rule = least.meaning.rule;
        const bool longer = rule != nullptr && rule->timeout_factor != 1.0;
        return "retry " + from + " to " + to +
               (longer ? fmt::format(", {} times the timeout", rule->timeout_factor) : "");
    }
    if (const auto* ours = std::get_if<policy::Substitute>(&least.step))
        return fmt::format("{} {}", ours->fallback != nullptr ? "fallback" : "error", ours->status);
    std::string text = "pass on";
    if (least.record.denied) text += fmt::format(" ({})", policy::word(*least.record.denied));
    return text;
}

std::string cell(const policy::Rules& rules, const Column& column, int status) {
    std::string first = entry(rules, column, status, 1);
    const std::string middle = entry(rules, column, status, 2);
    const std::string last = entry(rules, column, status, 3);
    if (first == middle && middle == last) return first;
    return first + "; " + middle + "; " + last;
}

std::string section(std::string_view dialect) {
    policy::Rules rules = rules_of(dialect);
    // Routes that are treated alike share a column.
    std::vector<std::string> titles;
    std::vector<std::vector<std::string>> cells;
    for (const Column& column : columns_of(rules)) {
        rules.other.keyed = column.honoured;
        std::vector<std::string> made;
        made.reserve(std::size(statuses));
        for (const int status : statuses)
            made.push_back(cell(rules, column, status));
        if (titles.size() > 2 && cells.back() == made) {
            titles.back() += "; " + column.title;
            continue;
        }
        titles.push_back(column.title);
        cells.push_back(std::move(made));
    }
    std::string out = fmt::format("\n## {}\n\n| status |", dialect);
    for (const std::string& title : titles)
        out += " " + title + " |";
    out += "\n| --- |";
    for (std::size_t i = 0; i < titles.size(); ++i)
        out += " --- |";
    out += '\n';
    for (std::size_t row = 0; row < statuses.size(); ++row) {
        out += fmt::format("| {} |", statuses.at(row));
        for (const auto& column : cells)
            out += " " + column.at(row) + " |";
        out += '\n';
    }
    return out;
}

}  // namespace

std::string decision_table() {
    std::string out(preface);
    for (const config::BuiltinDialect& dialect : config::builtin_dialects())
        out += section(dialect.name);
    return out;
}

}  // namespace backstop::proxy
