// The metrics of one upstream, bound to the routes of one set of rules: what is sure to come is
// made when the config loads, and an exchange finds its counters by route and enum, not by labels.
#pragma once

#include "policy/record.hpp"
#include "policy/rules.hpp"
#include "policy/standing.hpp"
#include "proxy/metric_labels.hpp"
#include "proxy/metric_series.hpp"
#include "proxy/report.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace backstop::proxy {

class Metrics;
struct UpstreamFamilies;

// Numbers of the proxy's own that are read when somebody scrapes.
struct LiveNumbers {
    int connections_idle = 0;
    int connections_busy = 0;  // in use, or being opened
    int in_flight = 0;         // exchanges
    int waiting = 0;           // for a connection; those at the gate are known from the Standing
    std::size_t buffer_bytes = 0;  // of request bodies kept for resending; of the whole process
};

enum class TlsUse : unsigned char {
    none,
    verified,
    not_verified,  // tls.insecure_skip_verify
};

class UpstreamMetrics {
public:
    UpstreamMetrics(Metrics& metrics, const policy::Rules& rules);  // see Metrics::upstream()
    ~UpstreamMetrics();
    UpstreamMetrics(const UpstreamMetrics&) = delete;
    UpstreamMetrics& operator=(const UpstreamMetrics&) = delete;

    // An exchange is over. Counts the connections that broke under its attempts, too.
    void exchange(const Report& report);
    // A connection has failed. From outside: one that could not be opened.
    void connection_failed(policy::Stage stage, bool reused);
    // Counts the changes of the breaker's state since it was last called for this Standing.
    void count_transitions() const;

    // A reload has removed the upstream: its gauges and its status are gone from here on, while
    // counters stay, and count what is still under way.
    void retire();

    // Where the gauges come from. Without them they are absent. Both outlive the binding, or are
    // taken away again.
    void set_standing(const policy::Standing* standing);
    // What bindings of the same name share is told by one of them alone.
    void set_live(std::function<LiveNumbers()> live) { live_ = std::move(live); }
    // How connections are secured; for /status only.
    void set_tls(TlsUse tls) { tls_ = tls; }

    const policy::Rules& rules() const { return rules_; }
    const std::string& name() const { return rules_.upstream; }
    const policy::Standing* standing() const { return standing_; }
    // Of this binding and of those of the same name that it has replaced: their exchanges go on.
    LiveNumbers live() const;
    TlsUse tls() const { return tls_; }
    bool has_live() const { return static_cast<bool>(live_); }

private:
    template <typename Enum, Enum last>
    using CounterFor = std::array<Series<Counter>, place(last) + 1>;

    struct RouteSeries {
        std::string label{};
        Series<Histogram> duration{};
        // By what can be packed into a number: see the .cpp file.
        std::unordered_map<std::uint32_t, Series<Counter>> requests{};
        std::unordered_map<std::uint32_t, Series<Counter>> attempts{};
        CounterFor<policy::Reason, policy::Reason::client_gone> retries{};
        CounterFor<policy::Reason, policy::Reason::client_gone> degraded{};
        CounterFor<policy::Record::Ambiguous, policy::Record::Ambiguous::unknown> ambiguous{};
    };

    void bind(RouteSeries& series, const policy::Route& route);
    void bind_requests(RouteSeries& series, const policy::Route& route);
    void bind_denials();

    RouteSeries& series_of(const policy::Route* route);
    Series<Counter>& requests(RouteSeries& route, MethodLabel method, int status, Outcome outcome);
    Series<Counter>& attempts(RouteSeries& route, int status, policy::FailureKind failure);
    Series<Counter>& retries(RouteSeries& route, policy::Reason reason);
    Series<Counter>& degraded(RouteSeries& route, policy::Reason reason);
    Series<Histogram>& retry_wait(policy::WaitSource source);
    Series<Counter>& connection_failures(policy::Stage stage, bool reused);
    Series<Counter>& denials(std::string_view denial_class, std::string_view reason);

    void record(RouteSeries& route, const policy::Record& record);
    void denied(const policy::Record& record, int status);
    void idempotency(const Report& report);

    Metrics& metrics_;
    UpstreamFamilies& families_;
    const policy::Rules& rules_;
    std::vector<RouteSeries> routes_{};  // as rules_.routes
    RouteSeries other_{};
    Series<Histogram> attempt_duration_{};
    CounterFor<policy::Denied, policy::Denied::draining> retries_denied_{};
    std::array<Series<Histogram>, place(policy::WaitSource::pace) + 1> retry_wait_{};
    CounterFor<IdempotencyEvent, IdempotencyEvent::mismatch> idempotency_{};
    std::array<CounterFor<policy::Stage, policy::Stage::receive_body>, 2> connection_failures_{};
    std::unordered_set<std::string> denial_reasons_{};  // the closed list
    std::unordered_map<std::string, Series<Counter>> denials_{};

    const policy::Standing* standing_ = nullptr;
    // What was counted of it, shared by all bindings that have the same one.
    std::shared_ptr<policy::CircuitBreaker::Transitions> counted_{};
    CounterFor<policy::CircuitBreaker::State, policy::CircuitBreaker::State::half_open>
        transitions_{};
    std::function<LiveNumbers()> live_{};
    TlsUse tls_ = TlsUse::none;
};

}  // namespace backstop::proxy
