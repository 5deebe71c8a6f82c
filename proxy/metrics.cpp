#include "proxy/metrics.hpp"

#include "proxy/standing_gauges.hpp"
#include "proxy/upstream_metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace backstop::proxy {
namespace {

// Why a request never became an exchange.
constexpr std::array<std::string_view, 11> client_error_words{
    "bad_request",
    "bad_method",
    "bad_version",
    "uri_too_long",
    "head_too_large",
    "too_large",
    "head_timeout",
    "body_timeout",
    "disconnect",   // within a request
    "connections",  // kept waiting at the limit
    "other",
};

double seconds_since_epoch(policy::WallTime time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

const prometheus::Histogram::BucketBoundaries& latency_buckets() {
    static const prometheus::Histogram::BucketBoundaries bounds{
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        20,
        30,
        60,
        90,
    };
    return bounds;
}

UpstreamFamilies::UpstreamFamilies(prometheus::Registry& registry)
    : requests(registry, families::requests),
      request_duration(registry, families::request_duration),
      attempts(registry, families::attempts),
      attempt_duration(registry, families::attempt_duration),
      retries(registry, families::retries),
      retries_denied(registry, families::retries_denied),
      retry_wait(registry, families::retry_wait),
      denials(registry, families::denials),
      degraded_responses(registry, families::degraded_responses),
      idempotency_events(registry, families::idempotency_events),
      ambiguous_outcomes(registry, families::ambiguous_outcomes),
      connection_failures(registry, families::connection_failures),
      breaker_transitions(registry, families::breaker_transitions) {}

Metrics::Metrics(const Build& build)
    : families_(registry_),
      client_errors_(registry_, families::client_errors),
      internal_errors_(registry_, families::internal_errors),
      reload_successful_(registry_, families::config_reload_successful),
      reload_timestamp_(registry_, families::config_reload_timestamp),
      build_info_(registry_, families::build_info) {
    for (const std::string_view kind : client_error_words) {
        client_error_series_.emplace(kind, client_errors_.series({{"kind", std::string(kind)}}));
    }
    internal_error_series_ = internal_errors_.series({});
    build_info_series_ = build_info_.series({
        {"version", build.version},
        {"revision", build.revision.empty() ? "unknown" : build.revision},
    });
    build_info_series_->Set(1);
}

Metrics::~Metrics() = default;

std::unique_ptr<UpstreamMetrics> Metrics::upstream(const policy::Rules& rules) {
    return std::make_unique<UpstreamMetrics>(*this, rules);
}

void Metrics::client_error(std::string_view kind) {
    auto found = client_error_series_.find(kind);
    if (found == client_error_series_.end()) found = client_error_series_.find("other");
    found->second->Increment();
}

std::span<const std::string_view> Metrics::client_error_kinds() {
    return client_error_words;
}

void Metrics::internal_error() {
    internal_error_series_->Increment();
}

void Metrics::config_loaded(bool successful, policy::WallTime when) {
    reload_successful_series_ = reload_successful_.series({});
    reload_successful_series_->Set(successful ? 1 : 0);
    if (!successful) return;
    reload_timestamp_series_ = reload_timestamp_.series({});
    reload_timestamp_series_->Set(seconds_since_epoch(when));
}

void Metrics::set_process(std::function<ProcessNumbers()> numbers) {
    process_ = std::move(numbers);
}

std::string Metrics::exposition(policy::Moment now) const {
    // A breaker changes in the midst of an exchange, too.
    for (const UpstreamMetrics* binding : bindings_)
        binding->count_transitions();
    std::vector<prometheus::MetricFamily> all = registry_.Collect();
    collect_standing(newest_bindings(), now, all);
    if (process_) collect_process(process_(), all);
    // Prometheus does not mind the order; a person who reads the page does.
    std::ranges::sort(all, {}, &prometheus::MetricFamily::name);
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, all);
    return std::move(text).str();
}

std::vector<const UpstreamMetrics*> Metrics::newest_bindings() const {
    std::vector<const UpstreamMetrics*> newest;
    for (const UpstreamMetrics* binding : bindings_) {
        std::erase_if(newest, [&](const UpstreamMetrics* older) {
            return older->name() == binding->name();
        });
        newest.push_back(binding);
    }
    return newest;
}

}  // namespace backstop::proxy
