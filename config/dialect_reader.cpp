// Reads a dialect file. Each section has one function; check_… functions look across them.
#include "config/dialects.hpp"
#include "config/names.hpp"
#include "config/reader.hpp"
#include "config/report.hpp"
#include "config/route_reader.hpp"
#include "config/sections.hpp"
#include "config/source_reader.hpp"
#include "policy/placeholder.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;
using policy::Dialect;
using policy::Rule;

Rule read_rule(Reader& reader) {
    Rule rule;
    if (const auto name = reader.required_text("name", "a few words, such as \"rate limited\""))
        rule.name = *name;
    read_statuses(reader, "status", rule.statuses);
    reader.texts("code", rule.codes);
    reader.text("contains", rule.contains);
    if (!reader.has("means")) reader.error("", "the key 'means' is missing, such as \"transient\"");
    reader.choice(
        "means",
        rule.means,
        {"ok", "rejected", "transient", "rate_limited", "concurrency_limited", "quota_spent"}
    );
    if (!reader.has("retry"))
        reader.error("", "the key 'retry' is missing: never, repeatable or always");
    reader.choice("retry", rule.retry, {"never", "repeatable", "always"});
    reader.optional(&Reader::duration, "wait_default", rule.wait_default, 0s, longest_wait);
    reader.optional(&Reader::duration, "wait_min", rule.wait_min, 0s, longest_wait);
    reader.optional(&Reader::duration, "wait_max", rule.wait_max, 0s, longest_wait);
    reader.number("timeout_factor", rule.timeout_factor, 1, 10);
    if (rule.wait_max && !rule.wait_min)
        reader.error("wait_max", "needs wait_min: the wait is drawn between the two");
    if (rule.wait_max && rule.wait_min && *rule.wait_max < *rule.wait_min)
        reader.error("wait_max", "is shorter than wait_min");
    const bool is_refusal = rule.means == policy::Verdict::ok ||
                            rule.means == policy::Verdict::rejected ||
                            rule.means == policy::Verdict::quota_spent;
    if (is_refusal && rule.retry != policy::Retry::never)
        reader.error("retry", "what means " + std::string(word(rule.means)) + " is never retried");
    reader.done();
    return rule;
}

// Does a rule before this one take everything it could match?
bool shadows(const Rule& first, const Rule& second) {
    if (!first.codes.empty() || !first.contains.empty()) return false;
    if (first.statuses.empty()) return true;
    return !second.statuses.empty() && first.statuses.includes(second.statuses);
}

void read_rules(Reader& root, std::vector<Rule>& rules) {
    for (Reader& reader : root.tables("rule")) {
        Rule rule = read_rule(reader);
        const auto first = std::find_if(rules.begin(), rules.end(), [&](const Rule& before) {
            return shadows(before, rule);
        });
        if (first != rules.end())
            reader.warning(
                "", "can never match: the rule '" + first->name + "' before it takes all"
            );
        rules.push_back(std::move(rule));
    }
}

void read_limit(Reader& reader, policy::LimitShape& limit) {
    reader.text("scope", limit.scope);
    read_sources(reader, "limit", limit.limit);
    read_sources(reader, "remaining", limit.remaining);
    read_sources(reader, "used", limit.used);
    for (Reader& reset : reader.tables("reset", true))
        limit.reset.push_back(read_delay(reset, false));
    reader.duration("window", limit.window, 1s, longest_wait);
    reader.done();
}

void read_limits(Reader& root, std::vector<policy::LimitShape>& limits) {
    for (Reader& reader : root.tables("limit")) {
        policy::LimitShape limit;
        read_limit(reader, limit);
        const bool twice = std::any_of(limits.begin(), limits.end(), [&](const auto& before) {
            return before.scope == limit.scope;
        });
        if (twice)
            reader.error("scope", "there is already a limit of the scope '" + limit.scope + "'");
        limits.push_back(std::move(limit));
    }
}

void read_quota(Reader& reader, policy::QuotaShape& quota) {
    read_sources(reader, "remaining", quota.remaining);
    read_sources(reader, "required", quota.required);
    read_sources(reader, "reason", quota.reason);
    reader.texts("reasons", quota.reasons);
    if (!quota.reasons.empty() && quota.reason.empty())
        reader.error("reasons", "needs 'reason': where one of these stands");
    reader.done();
}

// The keys of a table that are statuses, such as `429 = …`.
template <typename Read>  // void(int status, std::string_view key)
void for_each_status(Reader& reader, Read read) {
    for (const std::string_view key : reader.keys()) {
        int status = 0;
        const auto [rest, problem] = std::from_chars(key.data(), key.data() + key.size(), status);
        const bool sound = problem == std::errc{} && rest == key.data() + key.size() &&
                           status >= 400 && status <= 599;
        reader.find(key);
        if (sound)
            read(status, key);
        else
            reader.error(key, "expected a status from 400 to 599 as the key");
    }
}

void check_text_template(Reader& reader, std::string_view key, std::string_view text) {
    try {
        policy::parse_text(text);
    } catch (const std::invalid_argument& problem) {
        reader.error(key, problem.what());
    }
}

void read_local_error(Reader& reader, policy::LocalErrorShape& shape) {
    reader.text("content_type", shape.content_type);
    read_template(reader, "body", shape.body);
    Reader bodies = reader.subtable("bodies");
    for_each_status(bodies, [&](int status, std::string_view key) {
        read_template(bodies, key, shape.bodies[status]);
    });
    Reader codes = reader.subtable("codes");
    for_each_status(codes, [&](int status, std::string_view key) {
        codes.text(key, shape.codes[status]);
    });
    reader.text("default_code", shape.default_code);
    Reader headers = reader.subtable("headers");
    for (const std::string_view key : headers.keys()) {
        std::string value;
        headers.text(key, value);
        if (std::string problem = answer_header_problem(key); !problem.empty())
            headers.error(key, std::move(problem));
        check_text_template(headers, key, value);
        shape.headers.emplace_back(key, std::move(value));
    }
    reader.done();
}

void read_dialect_route(Reader& reader, const Dialect& dialect, std::vector<ReadRoute>& routes) {
    std::optional<ReadRoute> route = read_route(reader);
    if (!route) return;
    const policy::RouteShape& shape = route->shape;
    if (shape.keyed.value_or(false) && dialect.key_header.empty())
        reader.error("keyed", "needs 'idempotency_header' at the top of the file");
    const policy::Duration deadline = shape.deadline.value_or(dialect.deadline.value_or(24h));
    if (shape.attempt && *shape.attempt > deadline)
        reader.error("attempt", "is longer than the deadline");
    const auto first = std::find_if(routes.begin(), routes.end(), [&](const ReadRoute& before) {
        return covers(before.match, route->match);
    });
    if (first != routes.end())
        reader.warning(
            "match",
            "can never match: '" + first->shape.match + "' before it takes all of its requests"
        );
    routes.push_back(std::move(*route));
}

void read_head(Reader& root, Dialect& dialect) {
    if (const auto name = root.required_text("name", "one word, such as \"acme\"")) {
        dialect.name = *name;
        if (!is_word(*name)) root.error("name", std::string(word_expected));
    }
    root.text("title", dialect.title);
    root.text("base_path", dialect.base_path);
    const bool sound_base = dialect.base_path.empty() || (dialect.base_path.starts_with('/') &&
                                                          !dialect.base_path.ends_with('/'));
    if (!sound_base)
        root.error("base_path", "expected a path such as \"/v1\", without a slash at its end");
    root.text("idempotency_header", dialect.key_header);
    std::string problem = key_header_problem(dialect.key_header);
    if (!dialect.key_header.empty() && !problem.empty())
        root.error("idempotency_header", std::move(problem));
    enum class Per {
        credential,
        address
    };
    Per per = Per::credential;
    root.choice("limits_per", per, {"credential", "address"});
    dialect.limits_per_address = per == Per::address;
    root.optional(&Reader::duration, "deadline", dialect.deadline, 1ms, longest_wait);
    root.optional(&Reader::duration, "attempt", dialect.attempt, 1ms, longest_wait);
    if (dialect.deadline && dialect.attempt && *dialect.attempt > *dialect.deadline)
        root.error("attempt", "is longer than the deadline");
}

void read_dialect(Reader& root, Dialect& dialect) {
    read_head(root, dialect);
    Reader error = root.subtable("error");
    read_sources(error, "code", dialect.error.code);
    read_sources(error, "request_id", dialect.error.request_id);
    error.done();
    read_rules(root, dialect.rules);
    for (Reader& reader : root.tables("delay"))
        dialect.delays.push_back(read_delay(reader, true));
    read_limits(root, dialect.limits);
    Reader quota = root.subtable("quota");
    read_quota(quota, dialect.quota);
    Reader local_error = root.subtable("local_error");
    read_local_error(local_error, dialect.local_error);
    std::vector<ReadRoute> routes;
    for (Reader& reader : root.tables("route"))
        read_dialect_route(reader, dialect, routes);
    for (ReadRoute& route : routes)
        dialect.routes.push_back(std::move(route.shape));
    root.done();
}

}  // namespace

LoadedDialect load_dialect(std::string_view toml, std::string_view name) {
    Document document = parse_document(toml, name);
    if (!document.root) return {nullptr, std::move(document.diagnostics)};
    Report report{std::string(name)};
    Dialect dialect;
    Reader root(&*document.root, "", {}, report);
    read_dialect(root, dialect);
    if (report.failed()) return {nullptr, report.sorted()};
    return {std::make_shared<const Dialect>(std::move(dialect)), report.sorted()};
}

}  // namespace backstop::config
