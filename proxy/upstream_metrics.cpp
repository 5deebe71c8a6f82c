#include "proxy/upstream_metrics.hpp"

#include "proxy/metrics.hpp"

#include <algorithm>
#include <functional>

namespace backstop::proxy {
namespace {

// Outcomes that any route may come to, from the first scrape on, so that their first increase is
// seen as one; another answer of the API's is known when it comes.
constexpr std::array sure_local_errors{429, 502, 503, 504};
constexpr std::array sure_upstream_errors{200, 500, 502, 503, 504};  // 200: broke off after it
constexpr std::array sure_client_errors{401, 402, 403, 429};
constexpr std::array sure_aborted{200, 499};
// Outcomes that lead to retries.
constexpr std::array retry_reasons{
    policy::Reason::unreachable,
    policy::Reason::timeout,
    policy::Reason::server_error,
    policy::Reason::rate_limited,
};
constexpr std::array retry_wait_sources{
    policy::WaitSource::header,
    policy::WaitSource::body,
    policy::WaitSource::epoch,
    policy::WaitSource::backoff,
};

constexpr int payment_required = 402;

struct DenialClass {
    int status;
    std::string_view word;
};
constexpr std::array denial_classes{
    DenialClass{401, "auth"},
    DenialClass{payment_required, "payment"},
    DenialClass{403, "forbidden"},
    DenialClass{409, "conflict"},
};

double seconds(policy::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string text(std::string_view view) {
    return std::string(view);
}

std::string text_of_code(int label) {
    std::array<char, 4> room{};
    return text(word_of_code(label, room));
}

// A connection that was there ended with the attempt, whatever broke. One that could not be opened
// has been told by who tried.
bool broke_connection(const policy::AttemptRecord& attempt) {
    return attempt.failure != policy::FailureKind::none && attempt.stage >= policy::Stage::send;
}

// Keys of the maps: enums and a code label (below 600) side by side.
std::uint32_t pack(MethodLabel method, int code, Outcome outcome) {
    return (static_cast<std::uint32_t>(code) << 16) | (static_cast<std::uint32_t>(method) << 8) |
           static_cast<std::uint32_t>(outcome);
}

std::uint32_t pack(int code, policy::FailureKind failure) {
    return (static_cast<std::uint32_t>(code) << 8) | static_cast<std::uint32_t>(failure);
}

}  // namespace

UpstreamMetrics::UpstreamMetrics(Metrics& metrics, const policy::Rules& rules)
    : metrics_(metrics), families_(metrics.families_), rules_(rules), routes_(rules.routes.size()) {
    for (std::size_t i = 0; i < routes_.size(); ++i)
        bind(routes_[i], rules.routes[i]);
    bind(other_, rules.other);

    attempt_duration_ = families_.attempt_duration.series({{"upstream", name()}});
    for (const policy::Denied denied : all_denied) {
        retries_denied_.at(place(denied)) = families_.retries_denied.series(
            {{"upstream", name()}, {"reason", text(policy::word(denied))}}
        );
    }
    for (const policy::WaitSource source : retry_wait_sources)
        retry_wait(source);
    for (const IdempotencyEvent event : all_events) {
        idempotency_.at(place(event)) =
            families_.idempotency_events.series({{"upstream", name()}, {"event", text(word(event))}}
            );
    }
    for (const bool reused : {false, true}) {
        for (const policy::Stage stage : all_stages) {
            // A kept connection was resolved, connected and shaken hands on long before.
            if (reused && stage < policy::Stage::send) continue;
            connection_failures(stage, reused);
        }
    }
    for (const auto state : all_breaker_states) {
        transitions_.at(place(state)) =
            families_.breaker_transitions.series({{"upstream", name()}, {"to", text(word(state))}});
    }
    bind_denials();
    metrics_.bindings_.push_back(this);
}

UpstreamMetrics::~UpstreamMetrics() {
    retire();
}

void UpstreamMetrics::retire() {
    std::erase(metrics_.bindings_, this);
}

void UpstreamMetrics::set_standing(const policy::Standing* standing) {
    standing_ = standing;
    counted_ = std::make_shared<policy::CircuitBreaker::Transitions>();
    for (const UpstreamMetrics* other : metrics_.bindings_) {
        if (other != this && other->standing_ == standing) counted_ = other->counted_;
    }
}

void UpstreamMetrics::count_transitions() const {
    if (standing_ == nullptr) return;
    using State = policy::CircuitBreaker::State;
    const policy::CircuitBreaker::Transitions& present = standing_->breaker.transitions();
    const auto count = [this](State to, unsigned long times, unsigned long& counted) {
        if (times == counted) return;
        transitions_.at(place(to))->Increment(static_cast<double>(times - counted));
        counted = times;
    };
    count(State::closed, present.closed, counted_->closed);
    count(State::open, present.open, counted_->open);
    count(State::half_open, present.half_open, counted_->half_open);
}

LiveNumbers UpstreamMetrics::live() const {
    LiveNumbers sum = live_ ? live_() : LiveNumbers{};
    for (const UpstreamMetrics* other : metrics_.bindings_) {
        if (other == this || other->name() != name() || !other->live_) continue;
        const LiveNumbers more = other->live_();
        sum.connections_idle += more.connections_idle;
        sum.connections_busy += more.connections_busy;
        sum.in_flight += more.in_flight;
        sum.waiting += more.waiting;
    }
    return sum;
}

void UpstreamMetrics::bind(RouteSeries& series, const policy::Route& route) {
    series.label = route.label;
    series.duration =
        families_.request_duration.series({{"upstream", name()}, {"route", series.label}});
    bind_requests(series, route);
    attempts(series, 200, policy::FailureKind::none);
    for (const policy::FailureKind failure : all_failures) {
        if (failure != policy::FailureKind::none) attempts(series, 0, failure);
    }
    for (const policy::Reason reason : retry_reasons)
        retries(series, reason);
    for (const policy::Fallback& fallback : route.fallbacks) {
        for (const policy::Reason reason : fallback.on)
            degraded(series, reason);
    }
    for (const policy::Record::Ambiguous resolution : all_ambiguous) {
        if (resolution == policy::Record::Ambiguous::none) continue;
        series.ambiguous.at(place(resolution)) = families_.ambiguous_outcomes.series({
            {"upstream", name()},
            {"route", series.label},
            {"resolution", text(policy::word(resolution))},
        });
    }
}

void UpstreamMetrics::bind_requests(RouteSeries& series, const policy::Route& route) {
    std::vector<MethodLabel> methods{MethodLabel::get, MethodLabel::post};
    if (!route.method.empty()) methods = {method_label(route.method)};
    for (const MethodLabel method : methods) {
        requests(series, method, 200, Outcome::ok);
        for (const int status : sure_local_errors)
            requests(series, method, status, Outcome::local_error);
        for (const int status : sure_upstream_errors)
            requests(series, method, status, Outcome::upstream_error);
        for (const int status : sure_client_errors)
            requests(series, method, status, Outcome::client_error);
        for (const int status : sure_aborted)
            requests(series, method, status, Outcome::aborted);
        for (const policy::Fallback& fallback : route.fallbacks)
            requests(series, method, fallback.status, Outcome::degraded);
    }
}

// The closed list of reasons: what the dialect says of quota, the codes its rules know, and the
// words it has for these statuses.
void UpstreamMetrics::bind_denials() {
    denial_reasons_.insert("other");
    if (rules_.dialect) {
        const policy::Dialect& dialect = *rules_.dialect;
        denial_reasons_.insert(dialect.quota.reasons.begin(), dialect.quota.reasons.end());
        for (const policy::Rule& rule : dialect.rules)
            denial_reasons_.insert(rule.codes.begin(), rule.codes.end());
        for (const DenialClass& each : denial_classes) {
            const auto code = dialect.local_error.codes.find(each.status);
            if (code == dialect.local_error.codes.end()) continue;
            denial_reasons_.insert(code->second);
            denials(each.word, code->second);
        }
        for (const std::string& reason : dialect.quota.reasons)
            denials("payment", reason);
    }
    for (const DenialClass& each : denial_classes)
        denials(each.word, "other");
}

void UpstreamMetrics::exchange(const Report& report) {
    RouteSeries& route = series_of(report.route);
    requests(route, method_label(report.method), report.status, report.outcome)->Increment();
    route.duration->Observe(seconds(report.took));
    if (report.outcome == Outcome::degraded) degraded(route, report.reason)->Increment();
    idempotency(report);
    if (report.record != nullptr) record(route, *report.record);
    count_transitions();
    metrics_.recent_.exchange(name(), report);
    if (standing_ != nullptr && standing_->quota.last())
        metrics_.recent_.quota(name(), standing_->quota.last()->remaining);
}

void UpstreamMetrics::record(RouteSeries& route, const policy::Record& record) {
    for (const policy::AttemptRecord& attempt : record.attempts) {
        attempts(route, attempt.status, attempt.failure)->Increment();
        attempt_duration_->Observe(seconds(attempt.took));
        if (broke_connection(attempt)) connection_failed(attempt.stage, attempt.reused);
        // Out of credits is a matter of payment, whatever status an API has for it.
        const bool spent = &attempt == &record.attempts.back() && !record.quota_reason.empty();
        denied(record, spent ? payment_required : attempt.status);
    }
    for (const policy::RetryRecord& retry : record.retries) {
        if (!retry.made) continue;
        retries(route, retry.reason)->Increment();
        retry_wait(retry.source)->Observe(seconds(retry.wait));
    }
    // Without any attempt it is a refusal of the first one, not a denied retry.
    if (record.denied && !record.attempts.empty())
        retries_denied_.at(place(*record.denied))->Increment();
    if (record.ambiguous != policy::Record::Ambiguous::none)
        route.ambiguous.at(place(record.ambiguous))->Increment();
}

// The codes of a Record are those of the last error answer, which a denial is: none is retried but
// where a dialect's rule says so.
void UpstreamMetrics::denied(const policy::Record& record, int status) {
    const auto found = std::ranges::find(denial_classes, status, &DenialClass::status);
    if (found == denial_classes.end()) return;
    const std::string& said = status == payment_required ? record.quota_reason : record.error_code;
    const bool known = denial_reasons_.contains(said);
    denials(found->word, known ? std::string_view(said) : "other")->Increment();
}

void UpstreamMetrics::idempotency(const Report& report) {
    const auto count = [this](IdempotencyEvent event) {
        idempotency_.at(place(event))->Increment();
    };
    switch (report.key) {
        case policy::KeySource::none:
            break;
        case policy::KeySource::passed:
            count(IdempotencyEvent::passed);
            break;
        case policy::KeySource::minted:
            count(IdempotencyEvent::minted);
            break;
        case policy::KeySource::derived:
            count(IdempotencyEvent::derived);
            break;
    }
    switch (report.twin) {
        case Twin::none:
            break;
        case Twin::replayed:
            count(IdempotencyEvent::replayed);
            break;
        case Twin::joined:
            count(IdempotencyEvent::joined);
            break;
        case Twin::mismatch:
            count(IdempotencyEvent::mismatch);
            break;
    }
}

void UpstreamMetrics::connection_failed(policy::Stage stage, bool reused) {
    connection_failures(stage, reused)->Increment();
}

UpstreamMetrics::RouteSeries& UpstreamMetrics::series_of(const policy::Route* route) {
    const policy::Route* first = rules_.routes.data();
    const policy::Route* end = first + rules_.routes.size();
    const std::less<> before;
    if (route == nullptr || before(route, first) || !before(route, end)) return other_;
    return routes_[static_cast<std::size_t>(route - first)];
}

Series<Counter>& UpstreamMetrics::requests(
    RouteSeries& route, MethodLabel method, int status, Outcome outcome
) {
    const int code = code_label(status);
    Series<Counter>& series = route.requests[pack(method, code, outcome)];
    if (!series) {
        series = families_.requests.series({
            {"upstream", name()},
            {"route", route.label},
            {"method", text(word(method))},
            {"code", text_of_code(code)},
            {"outcome", text(word(outcome))},
        });
    }
    return series;
}

Series<Counter>& UpstreamMetrics::attempts(
    RouteSeries& route, int status, policy::FailureKind failure
) {
    const int code = code_label(status);
    Series<Counter>& series = route.attempts[pack(code, failure)];
    if (!series) {
        series = families_.attempts.series({
            {"upstream", name()},
            {"route", route.label},
            {"code", text_of_code(code)},
            {"failure", text(policy::word(failure))},
        });
    }
    return series;
}

Series<Counter>& UpstreamMetrics::retries(RouteSeries& route, policy::Reason reason) {
    Series<Counter>& series = route.retries.at(place(reason));
    if (!series) {
        series = families_.retries.series({
            {"upstream", name()},
            {"route", route.label},
            {"reason", text(policy::word(reason))},
        });
    }
    return series;
}

Series<Counter>& UpstreamMetrics::degraded(RouteSeries& route, policy::Reason reason) {
    Series<Counter>& series = route.degraded.at(place(reason));
    if (!series) {
        series = families_.degraded_responses.series({
            {"upstream", name()},
            {"route", route.label},
            {"reason", text(policy::word(reason))},
        });
    }
    return series;
}

Series<Histogram>& UpstreamMetrics::retry_wait(policy::WaitSource source) {
    Series<Histogram>& series = retry_wait_.at(place(source));
    if (!series) {
        series = families_.retry_wait.series(
            {{"upstream", name()}, {"source", text(policy::word(source))}}
        );
    }
    return series;
}

Series<Counter>& UpstreamMetrics::connection_failures(policy::Stage stage, bool reused) {
    Series<Counter>& series = connection_failures_.at(reused ? 1 : 0).at(place(stage));
    if (!series) {
        series = families_.connection_failures.series({
            {"upstream", name()},
            {"stage", text(word(stage))},
            {"reused", reused ? "true" : "false"},
        });
    }
    return series;
}

Series<Counter>& UpstreamMetrics::denials(std::string_view denial_class, std::string_view reason) {
    std::string key = text(denial_class);
    key.append("\n").append(reason);
    Series<Counter>& series = denials_[key];
    if (!series) {
        series = families_.denials.series(
            {{"upstream", name()}, {"class", text(denial_class)}, {"reason", text(reason)}}
        );
    }
    return series;
}

}  // namespace backstop::proxy
