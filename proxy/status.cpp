#include "proxy/status.hpp"

#include "policy/standing.hpp"
#include "proxy/log_text.hpp"
#include "proxy/metric_labels.hpp"
#include "proxy/recent.hpp"
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

// Oldest slice first; the last one is under way.
json::object activity(const Activity& activity, policy::Moment now) {
    json::array attempts;
    json::array retries;
    json::array impaired;
    for (const ActivitySlice& slice : activity.last_slices(now.steady)) {
        attempts.push_back(slice.attempts);
        retries.push_back(slice.retries);
        impaired.push_back(slice.impaired);
    }
    json::object out;
    out["slice_seconds"] = seconds(Activity::slice);
    out["attempts"] = std::move(attempts);
    out["retries"] = std::move(retries);
    out["impaired"] = std::move(impaired);
    return out;
}

void add_recent(
    json::object& out, const std::string& upstream, const Recent& recent, policy::Moment now
) {
    static const Activity nothing;
    const Activity* known = recent.activity(upstream);
    out["activity"] = activity(known != nullptr ? *known : nothing, now);
    const auto most = recent.most_quota(upstream);
    if (most && out.contains("quota")) out["quota"].as_object()["most_seen"] = *most;
}

json::object failure(const RecentFailure& failure) {
    json::object out;
    out["count"] = failure.count;
    out["first"] = time_text(failure.first);
    out["last"] = time_text(failure.last);
    out["upstream"] = text(failure.upstream);
    out["route"] = text(failure.route);
    out["method"] = text(word(failure.method));
    out["status"] = failure.status;
    out["outcome"] = text(word(failure.outcome));
    out["reason"] = text(policy::word(failure.reason));
    out["attempts"] = failure.attempts;
    if (!failure.error_code.empty()) out["error_code"] = text(failure.error_code);
    return out;
}

json::object reload(const ReloadState& state) {
    json::object out;
    out["successful"] = state.successful;
    out["last_success"] = time_text(state.last_success);
    json::array problems;
    for (const std::string& problem : state.problems)
        problems.push_back(text(problem));
    out["problems"] = std::move(problems);
    return out;
}

std::string_view tls_word(TlsUse tls) {
    switch (tls) {
        case TlsUse::none:
            return "none";
        case TlsUse::verified:
            return "verified";
        case TlsUse::not_verified:
            break;
    }
    return "not verified";
}

json::object upstream(const UpstreamMetrics& metrics, policy::Moment now) {
    const policy::Rules& rules = metrics.rules();
    json::object out;
    out["name"] = text(rules.upstream);
    if (rules.dialect) out["dialect"] = text(rules.dialect->name);
    out["mode"] = rules.mode == policy::Mode::observe ? "observe" : "act";
    out["tls"] = text(tls_word(metrics.tls()));
    if (const policy::Standing* standing = metrics.standing())
        add_standing(out, rules, *standing, now);
    if (metrics.has_live()) add_live(out, metrics.live());
    return out;
}

}  // namespace

json::object status_object(const StatusInput& input, policy::Moment now) {
    json::object out;
    out["now"] = time_text(now.wall);  // ages do not depend on the reader's clock
    out["version"] = text(input.build.version);
    out["revision"] = text(input.build.revision);
    out["started"] = time_text(input.started);
    out["uptime_seconds"] = seconds(now.wall - input.started);
    out["ready"] = input.ready;
    out["draining"] = input.draining;
    if (input.reload != nullptr) out["reload"] = reload(*input.reload);
    json::array upstreams;
    for (const UpstreamMetrics* each : input.upstreams) {
        json::object about = upstream(*each, now);
        if (input.recent != nullptr) add_recent(about, each->name(), *input.recent, now);
        upstreams.push_back(std::move(about));
    }
    out["upstreams"] = std::move(upstreams);
    if (input.recent != nullptr) {
        json::array failures;
        for (const RecentFailure& each : input.recent->failures())
            failures.push_back(failure(each));
        out["failures"] = std::move(failures);
    }
    return out;
}

std::string status_json(const StatusInput& input, policy::Moment now) {
    return json::serialize(status_object(input, now)) + "\n";
}

}  // namespace backstop::proxy
