// What backstop counts, and the text that Prometheus scrapes. Counters and histograms live in a
// registry; gauges that mirror the state of an upstream are read when somebody scrapes.
//
// Everything here runs on the one I/O thread, the scrape too.
#pragma once

#include "policy/rules.hpp"
#include "policy/time.hpp"
#include "proxy/metric_series.hpp"
#include "proxy/recent.hpp"

#include <prometheus/registry.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace backstop::proxy {

class UpstreamMetrics;

// What is running: labels of backstop_build_info.
struct Build {
    std::string version{};
    std::string revision{};  // of the source; "unknown" if empty
};

// The families whose series belong to upstreams.
struct UpstreamFamilies {
    explicit UpstreamFamilies(prometheus::Registry& registry);

    SeriesFamily<Counter> requests;
    SeriesFamily<Histogram> request_duration;
    SeriesFamily<Counter> attempts;
    SeriesFamily<Histogram> attempt_duration;
    SeriesFamily<Counter> retries;
    SeriesFamily<Counter> retries_denied;
    SeriesFamily<Histogram> retry_wait;
    SeriesFamily<Counter> denials;
    SeriesFamily<Counter> degraded_responses;
    SeriesFamily<Counter> idempotency_events;
    SeriesFamily<Counter> ambiguous_outcomes;
    SeriesFamily<Counter> connection_failures;
    SeriesFamily<Counter> breaker_transitions;
};

// Numbers of the process that are read when somebody scrapes.
struct ProcessNumbers {
    int client_connections = 0;
    int client_connections_limit = 0;
    std::uint64_t log_lines_dropped = 0;
};

class Metrics {
public:
    explicit Metrics(const Build& build);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // Binds an upstream's series to its routes. `rules` stay where they are, and the Metrics
    // outlive the binding. A second binding of the same name (a reload) goes on with the series
    // that both know; gauges are those of the newest, but for the live numbers, which are of all.
    // Series stay when their binding is gone.
    std::unique_ptr<UpstreamMetrics> upstream(const policy::Rules& rules);

    // A request that never became an exchange. `kind` is one of client_error_kinds(), or counted as
    // "other".
    void client_error(std::string_view kind);
    static std::span<const std::string_view> client_error_kinds();
    // An exception that nobody planned.
    void internal_error();
    // A load of the configuration has ended, the first one included.
    void config_loaded(bool successful, policy::WallTime when);
    void set_process(std::function<ProcessNumbers()> numbers);

    // For the status page; goes on through reloads.
    const Recent& recent() const { return recent_; }

    // The newest binding of each name.
    std::vector<const UpstreamMetrics*> newest_bindings() const;

    // Text format 0.0.4, for `Content-Type: text/plain; version=0.0.4; charset=utf-8`.
    std::string exposition(policy::Moment now) const;

private:
    friend class UpstreamMetrics;

    prometheus::Registry registry_{};
    UpstreamFamilies families_;
    SeriesFamily<Counter> client_errors_;
    SeriesFamily<Counter> internal_errors_;
    SeriesFamily<prometheus::Gauge> reload_successful_;
    SeriesFamily<prometheus::Gauge> reload_timestamp_;
    SeriesFamily<prometheus::Gauge> build_info_;

    std::unordered_map<std::string_view, Series<Counter>> client_error_series_{};
    Series<Counter> internal_error_series_{};
    Series<prometheus::Gauge> reload_successful_series_{};
    Series<prometheus::Gauge> reload_timestamp_series_{};
    Series<prometheus::Gauge> build_info_series_{};
    std::function<ProcessNumbers()> process_{};
    Recent recent_{};
    std::vector<const UpstreamMetrics*> bindings_{};  // oldest first
};

}  // namespace backstop::proxy
