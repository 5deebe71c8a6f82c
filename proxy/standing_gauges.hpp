// The gauges that mirror state, read when somebody scrapes, so that no exchange has to keep them up
// to date and none can be forgotten.
#pragma once

#include "policy/rules.hpp"
#include "policy/time.hpp"
#include "proxy/metrics.hpp"

#include <prometheus/metric_family.h>

#include <set>
#include <span>
#include <string_view>
#include <vector>

namespace backstop::proxy {

// Gauges of what was observed are absent until observed. Where an upstream has several credentials,
// a scope shows the tightest: the gate that opens last, the limit that is nearest.
void collect_standing(
    std::span<const UpstreamMetrics* const> upstreams,
    policy::Moment now,
    std::vector<prometheus::MetricFamily>& out
);

// The scopes that the routes name: sure to come, so their gates are shown from the start.
std::set<std::string_view> scopes_of(const policy::Rules& rules);

void collect_process(const ProcessNumbers& numbers, std::vector<prometheus::MetricFamily>& out);

}  // namespace backstop::proxy
