#include "proxy/standing_gauges.hpp"

#include "policy/standing.hpp"
#include "proxy/metric_families.hpp"
#include "proxy/metric_labels.hpp"
#include "proxy/upstream_metrics.hpp"

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

namespace backstop::proxy {
namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

constexpr std::array gate_kinds{policy::Gate::Kind::rate, policy::Gate::Kind::concurrency};

double seconds(policy::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

double timestamp(policy::WallTime time) {
    return seconds(time.time_since_epoch());
}

// A family while it is collected. Nothing is written for a family without series.
class Mirror {
public:
    explicit Mirror(const FamilyInfo& info) : info_(info) {
        family_.name = info.name;
        family_.help = info.help;
        family_.type = info.kind == FamilyKind::counter ? prometheus::MetricType::Counter
                                                        : prometheus::MetricType::Gauge;
    }

    void set(Labels labels, double value) {
        prometheus::ClientMetric& metric = family_.metric.emplace_back();
        for (const auto& [name, text] : labels) {
            prometheus::ClientMetric::Label& label = metric.label.emplace_back();
            label.name = name;
            label.value = text;
        }
        if (info_.kind == FamilyKind::counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
    }

    void set(Labels labels, std::optional<double> value) {
        if (value) set(labels, *value);
    }

    void move_to(std::vector<prometheus::MetricFamily>& out) {
        if (!family_.metric.empty()) out.push_back(std::move(family_));
    }

private:
    const FamilyInfo& info_;
    prometheus::MetricFamily family_{};
};

struct Mirrors {
    Mirror retry_budget_tokens{families::retry_budget_tokens};
    Mirror rate_limit_limit{families::rate_limit_limit};
    Mirror rate_limit_remaining{families::rate_limit_remaining};
    Mirror rate_limit_reset{families::rate_limit_reset};
    Mirror rate_limit_observed{families::rate_limit_observed};
    Mirror rate_limit_used_ratio{families::rate_limit_used_ratio};
    Mirror gate_closed{families::gate_closed};
    Mirror gate_until{families::gate_until};
    Mirror quota_remaining{families::quota_remaining};
    Mirror quota_observed{families::quota_observed};
    Mirror breaker_state{families::breaker_state};
    Mirror clock_offset{families::clock_offset};
    Mirror connections{families::connections};
    Mirror inflight_requests{families::inflight_requests};
    Mirror queue_depth{families::queue_depth};
    Mirror buffer_bytes{families::buffer_bytes};

    void move_to(std::vector<prometheus::MetricFamily>& out) {
        for (Mirror* mirror :
             {&retry_budget_tokens,
              &rate_limit_limit,
              &rate_limit_remaining,
              &rate_limit_reset,
              &rate_limit_observed,
              &rate_limit_used_ratio,
              &gate_closed,
              &gate_until,
              &quota_remaining,
              &quota_observed,
              &breaker_state,
              &clock_offset,
              &connections,
              &inflight_requests,
              &queue_depth,
              &buffer_bytes}) {
            mirror->move_to(out);
        }
    }
};

void add_limit(
    Mirrors& mirrors,
    std::string_view upstream,
    const policy::Standing::Tightest& scope,
    policy::Moment now
) {
    const auto& last = scope.limits->last();
    if (!last) return;
    const Labels labels{{"upstream", upstream}, {"scope", scope.scope}};
    mirrors.rate_limit_limit.set(labels, last->limit);
    mirrors.rate_limit_remaining.set(labels, last->remaining);
    if (last->reset) mirrors.rate_limit_reset.set(labels, timestamp(*last->reset));
    mirrors.rate_limit_observed.set(labels, timestamp(last->observed.wall));
    mirrors.rate_limit_used_ratio.set(labels, scope.limits->used_ratio(now));
}

// `gate` is null for a scope that nobody has used yet: it is open.
void add_gate(
    Mirrors& mirrors,
    std::string_view upstream,
    std::string_view scope,
    const policy::Gate* gate,
    policy::Moment now
) {
    for (const policy::Gate::Kind kind : gate_kinds) {
        const bool closed = gate != nullptr && gate->closed(now.steady) && gate->kind() == kind;
        const Labels labels{{"upstream", upstream}, {"scope", scope}, {"kind", word(kind)}};
        mirrors.gate_closed.set(labels, closed ? 1 : 0);
        if (!closed) continue;
        mirrors.gate_until.set(labels, timestamp(now.wall + (gate->until() - now.steady)));
    }
}

void add_breaker(
    Mirrors& mirrors,
    std::string_view upstream,
    const policy::CircuitBreaker& breaker,
    policy::Moment now
) {
    const policy::CircuitBreaker::State current = breaker.state(now.steady);
    for (const policy::CircuitBreaker::State state : all_breaker_states) {
        mirrors.breaker_state.set(
            {{"upstream", upstream}, {"state", word(state)}}, state == current ? 1 : 0
        );
    }
}

// Returns how many requests wait at the gates.
int add_standing(
    Mirrors& mirrors,
    const policy::Rules& rules,
    const policy::Standing& standing,
    policy::Moment now
) {
    const std::string_view upstream = rules.upstream;
    std::set<std::string_view> unused = scopes_of(rules);
    int waiting = 0;
    for (const policy::Standing::Tightest& scope : standing.tightest(now)) {
        add_gate(mirrors, upstream, scope.scope, scope.gate, now);
        add_limit(mirrors, upstream, scope, now);
        unused.erase(scope.scope);
        waiting += scope.waiting;
    }
    for (const std::string_view scope : unused)
        add_gate(mirrors, upstream, scope, nullptr, now);

    add_breaker(mirrors, upstream, standing.breaker, now);
    mirrors.retry_budget_tokens.set({{"upstream", upstream}}, standing.budget.tokens(now.steady));
    if (const auto& quota = standing.quota.last()) {
        mirrors.quota_remaining.set({{"upstream", upstream}}, quota->remaining);
        mirrors.quota_observed.set({{"upstream", upstream}}, timestamp(quota->observed.wall));
    }
    if (const auto offset = standing.clock.offset())
        mirrors.clock_offset.set({{"upstream", upstream}}, seconds(*offset));
    return waiting;
}

void add_live(
    Mirrors& mirrors, std::string_view upstream, const LiveNumbers& live, int waiting_at_gates
) {
    const auto set = [&](Mirror& mirror, double value) {
        mirror.set({{"upstream", upstream}}, value);
    };
    const auto connections = [&](std::string_view state, int number) {
        mirrors.connections.set({{"upstream", upstream}, {"state", state}}, number);
    };
    connections("idle", live.connections_idle);
    connections("busy", live.connections_busy);
    set(mirrors.inflight_requests, live.in_flight);
    set(mirrors.queue_depth, live.waiting + waiting_at_gates);
    set(mirrors.buffer_bytes, static_cast<double>(live.buffer_bytes));
}

}  // namespace

std::set<std::string_view> scopes_of(const policy::Rules& rules) {
    std::set<std::string_view> scopes{rules.other.scope};
    for (const policy::Route& route : rules.routes)
        scopes.insert(route.scope);
    return scopes;
}

void collect_standing(
    std::span<const UpstreamMetrics* const> upstreams,
    policy::Moment now,
    std::vector<prometheus::MetricFamily>& out
) {
    Mirrors mirrors;
    for (const UpstreamMetrics* upstream : upstreams) {
        int waiting = 0;
        if (const policy::Standing* standing = upstream->standing())
            waiting = add_standing(mirrors, upstream->rules(), *standing, now);
        if (upstream->has_live()) add_live(mirrors, upstream->name(), upstream->live(), waiting);
    }
    mirrors.move_to(out);
}

void collect_process(const ProcessNumbers& numbers, std::vector<prometheus::MetricFamily>& out) {
    Mirror client_connections(families::client_connections);
    client_connections.set({}, numbers.client_connections);
    client_connections.move_to(out);
    Mirror client_connections_limit(families::client_connections_limit);
    client_connections_limit.set({}, numbers.client_connections_limit);
    client_connections_limit.move_to(out);
    Mirror dropped(families::log_lines_dropped);
    dropped.set({}, static_cast<double>(numbers.log_lines_dropped));
    dropped.move_to(out);
}

}  // namespace backstop::proxy
