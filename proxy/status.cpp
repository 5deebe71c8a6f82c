#include "proxy/status.hpp"

#include "policy/standing.hpp"
#include "proxy/log_text.hpp"
#include "proxy/metric_labels.hpp"
#include "proxy/standing_gauges.hpp"
#include "proxy/upstream_metrics.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <set>
#include <string_view>
#include <utility>

namespace backstop::proxy {
namespace {

namespace json = boost::json;

double seconds(policy::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

json::string text(std::string_view view) {
    return {json::string_view(view)};
}

json::string time_text(policy::WallTime time) {
    std::string out;
    append_time(out, time);
    return text(out);
}

json::object breaker(const policy::CircuitBreaker& breaker, policy::Moment now) {
    json::object out;
    out["state"] = text(word(breaker.state(now.steady)));
    if (breaker.state(now.steady) == policy::CircuitBreaker::State::open)
        out["open_for_seconds"] = seconds(breaker.open_for(now.steady));
    return out;
}

// `scope` is null for one that nobody has used yet: its gate is open.
json::object gate(
    std::string_view name, const policy::Standing::Tightest* scope, policy::Moment now
) {
    json::object out;
    out["scope"] = text(name);
    const bool closed = scope != nullptr && scope->gate->closed(now.steady);
    out["closed"] = closed;
    out["waiting"] = scope != nullptr ? scope->waiting : 0;
    if (closed) {
        out["kind"] = text(word(scope->gate->kind()));
        out["opens_in_seconds"] = seconds(scope->gate->until() - now.steady);
    }
    return out;
}

json::object limit(const policy::Standing::Tightest& scope, policy::Moment now) {
    const policy::RateLimitTracker::State& last = *scope.limits->last();
    json::object out;
    out["scope"] = text(scope.scope);
    if (last.limit) out["limit"] = *last.limit;
    if (last.remaining) out["remaining"] = *last.remaining;
    if (last.reset) out["reset"] = time_text(*last.reset);
    if (const auto ratio = scope.limits->used_ratio(now)) out["used_ratio"] = *ratio;
    out["observed"] = time_text(last.observed.wall);
    return out;
}

void add_scopes(
    json::object& out,
    const policy::Rules& rules,
    const policy::Standing& standing,
    policy::Moment now
) {
    json::array gates;
    json::array limits;
    std::set<std::string_view> unused = scopes_of(rules);
    for (const policy::Standing::Tightest& scope : standing.tightest(now)) {
        unused.erase(scope.scope);
        gates.push_back(gate(scope.scope, &scope, now));
        if (scope.limits->last()) limits.push_back(limit(scope, now));
    }
    for (const std::string_view scope : unused)
        gates.push_back(gate(scope, nullptr, now));
    out["gates"] = std::move(gates);
    out["limits"] = std::move(limits);
}

void add_standing(
    json::object& out,
    const policy::Rules& rules,
    const policy::Standing& standing,
    policy::Moment now
) {
    out["breaker"] = breaker(standing.breaker, now);
    out["retry_budget_tokens"] = standing.budget.tokens(now.steady);
    add_scopes(out, rules, standing, now);
    if (const auto& quota = standing.quota.last()) {
        json::object about;
        about["remaining"] = quota->remaining;
        about["observed"] = time_text(quota->observed.wall);
        out["quota"] = std::move(about);
    }
    if (const auto offset = standing.clock.offset()) out["clock_offset_seconds"] = seconds(*offset);
}

void add_live(json::object& out, const LiveNumbers& live) {
    json::object connections;
    connections["idle"] = live.connections_idle;
    connections["busy"] = live.connections_busy;
    out["connections"] = std::move(connections);
    out["in_flight"] = live.in_flight;
    out["waiting_for_connection"] = live.waiting;
    out["buffer_bytes"] = live.buffer_bytes;
}

json::object upstream(const UpstreamMetrics& metrics, policy::Moment now) {
    const policy::Rules& rules = metrics.rules();
    json::object out;
    out["name"] = text(rules.upstream);
    if (rules.dialect) out["dialect"] = text(rules.dialect->name);
    out["mode"] = rules.mode == policy::Mode::observe ? "observe" : "act";
    if (const policy::Standing* standing = metrics.standing())
        add_standing(out, rules, *standing, now);
    if (metrics.has_live()) add_live(out, metrics.live());
    return out;
}

}  // namespace

std::string status_json(const StatusInput& input, policy::Moment now) {
    json::object out;
    out["version"] = text(input.build.version);
    out["revision"] = text(input.build.revision);
    out["started"] = time_text(input.started);
    out["uptime_seconds"] = seconds(now.wall - input.started);
    out["ready"] = input.ready;
    out["draining"] = input.draining;
    json::array upstreams;
    for (const UpstreamMetrics* each : input.upstreams)
        upstreams.push_back(upstream(*each, now));
    out["upstreams"] = std::move(upstreams);
    return json::serialize(out) + "\n";
}

}  // namespace backstop::proxy
