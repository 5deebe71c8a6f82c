#include "proxy/metrics.hpp"

#include "policy/dialect.hpp"
#include "proxy/metric_families.hpp"
#include "proxy/upstream_metrics.hpp"
#include "tests/proxy/exposition.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;
using test::Exposition;
using test::Labels;
using testing::Optional;

policy::Route route(std::string method, std::string path, std::string scope = "default") {
    policy::Route made;
    made.method = std::move(method);
    made.path = policy::PathTemplate::parse(path);
    made.label = path;
    made.scope = std::move(scope);
    return made;
}

policy::Rules rules_of(std::string name) {
    auto dialect = std::make_shared<policy::Dialect>();
    dialect->name = "acme";
    dialect->quota.reasons = {"monthly_quota", "trial_over"};
    dialect->local_error.codes = {{401, "invalid_key"}, {429, "slow_down"}};
    policy::Rule rule;
    rule.name = "blocked";
    rule.statuses = {403};
    rule.codes = {"account_blocked"};
    dialect->rules = {rule};

    policy::Rules rules;
    rules.upstream = std::move(name);
    rules.dialect = std::move(dialect);
    rules.routes = {route("POST", "/calls"), route("GET", "/calls/{id}", "reads")};
    policy::Fallback fallback;
    fallback.on = {policy::Reason::timeout, policy::Reason::circuit_open};
    rules.routes[0].fallbacks = {fallback};
    return rules;
}

policy::AttemptRecord attempt_with(int status) {
    policy::AttemptRecord attempt;
    attempt.status = status;
    attempt.took = 200ms;
    return attempt;
}

policy::AttemptRecord attempt_broken(policy::FailureKind failure, policy::Stage stage) {
    policy::AttemptRecord attempt;
    attempt.failure = failure;
    attempt.stage = stage;
    attempt.took = 2s;
    return attempt;
}

class MetricsTest : public testing::Test {
protected:
    Exposition scrape() const { return test::parse_exposition(metrics_.exposition(clock_.now())); }

    std::optional<double> value(std::string_view name, Labels labels) const {
        labels.emplace("upstream", "acme");
        return scrape().value(name, labels);
    }

    // A POST to the first route.
    Report report(int status, Outcome outcome, policy::Reason reason) const {
        Report made;
        made.route = &rules_.routes[0];
        made.method = "POST";
        made.status = status;
        made.outcome = outcome;
        made.reason = reason;
        made.took = 300ms;
        return made;
    }

    test::FakeClock clock_{};
    Metrics metrics_{Build{"1.2.3", "abc"}};
    const policy::Rules rules_ = rules_of("acme");
    policy::Standing standing_{rules_};
    std::unique_ptr<UpstreamMetrics> upstream_ = metrics_.upstream(rules_);
};

TEST_F(MetricsTest, SeriesThatAreSureToComeStartAtZero) {
    const Labels calls{{"route", "/calls"}, {"method", "POST"}};
    const auto with = [](Labels labels, const Labels& more) {
        labels.insert(more.begin(), more.end());
        return labels;
    };
    const struct {
        const char* family;
        Labels labels;
    } rows[] = {
        {"backstop_requests_total", with(calls, {{"code", "200"}, {"outcome", "ok"}})},
        {"backstop_requests_total", with(calls, {{"code", "200"}, {"outcome", "degraded"}})},
        {"backstop_requests_total", with(calls, {{"code", "503"}, {"outcome", "local_error"}})},
        {"backstop_requests_total", with(calls, {{"code", "401"}, {"outcome", "client_error"}})},
        {"backstop_requests_total", with(calls, {{"code", "402"}, {"outcome", "client_error"}})},
        {"backstop_requests_total", with(calls, {{"code", "403"}, {"outcome", "client_error"}})},
        {"backstop_requests_total", with(calls, {{"code", "429"}, {"outcome", "client_error"}})},
        {"backstop_requests_total", with(calls, {{"code", "200"}, {"outcome", "upstream_error"}})},
        {"backstop_requests_total", with(calls, {{"code", "200"}, {"outcome", "aborted"}})},
        {"backstop_requests_total", with(calls, {{"code", "499"}, {"outcome", "aborted"}})},
        {"backstop_requests_total",
         {{"route", "other"}, {"method", "GET"}, {"code", "200"}, {"outcome", "ok"}}},
        {"backstop_request_duration_seconds_count", {{"route", "/calls"}}},
        {"backstop_upstream_attempts_total",
         {{"route", "/calls"}, {"code", "none"}, {"failure", "tls"}}},
        {"backstop_upstream_attempt_duration_seconds_count", {}},
        {"backstop_retries_total", {{"route", "other"}, {"reason", "rate_limited"}}},
        {"backstop_retries_denied_total", {{"reason", "budget"}}},
        {"backstop_retry_wait_seconds_count", {{"source", "epoch"}}},
        {"backstop_denials_total", {{"class", "payment"}, {"reason", "trial_over"}}},
        {"backstop_denials_total", {{"class", "auth"}, {"reason", "invalid_key"}}},
        {"backstop_denials_total", {{"class", "conflict"}, {"reason", "other"}}},
        {"backstop_degraded_responses_total", {{"route", "/calls"}, {"reason", "circuit_open"}}},
        {"backstop_idempotency_events_total", {{"event", "joined"}}},
        {"backstop_ambiguous_outcomes_total", {{"route", "/calls"}, {"resolution", "unknown"}}},
        {"backstop_connection_failures_total", {{"stage", "connect"}, {"reused", "false"}}},
        {"backstop_connection_failures_total", {{"stage", "send"}, {"reused", "true"}}},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.family) + testing::PrintToString(row.labels));
        EXPECT_THAT(value(row.family, row.labels), Optional(0));
    }
    EXPECT_THAT(
        scrape().value("backstop_client_errors_total", {{"kind", "bad_request"}}), Optional(0)
    );
}

TEST_F(MetricsTest, CountsAnExchangeThatSimplyWorked) {
    policy::Record record;
    record.attempts = {attempt_with(201)};
    Report done = report(201, Outcome::ok, policy::Reason::succeeded);
    done.record = &record;
    done.key = policy::KeySource::minted;
    upstream_->exchange(done);

    EXPECT_THAT(
        value(
            "backstop_requests_total",
            {{"route", "/calls"}, {"method", "POST"}, {"code", "201"}, {"outcome", "ok"}}
        ),
        Optional(1)
    );
    const Labels calls{{"route", "/calls"}};
    EXPECT_THAT(value("backstop_request_duration_seconds_count", calls), Optional(1));
    EXPECT_THAT(
        value("backstop_request_duration_seconds_sum", calls), Optional(testing::DoubleEq(0.3))
    );
    EXPECT_THAT(
        value("backstop_request_duration_seconds_bucket", {{"route", "/calls"}, {"le", "0.25"}}),
        Optional(0)
    );
    EXPECT_THAT(
        value("backstop_request_duration_seconds_bucket", {{"route", "/calls"}, {"le", "0.5"}}),
        Optional(1)
    );
    EXPECT_THAT(
        value(
            "backstop_upstream_attempts_total",
            {{"route", "/calls"}, {"code", "201"}, {"failure", "none"}}
        ),
        Optional(1)
    );
    EXPECT_THAT(value("backstop_upstream_attempt_duration_seconds_count", {}), Optional(1));
    EXPECT_THAT(value("backstop_idempotency_events_total", {{"event", "minted"}}), Optional(1));
}

TEST_F(MetricsTest, CountsRetriesThatWereMadeAndTheirWaits) {
    policy::Record record;
    record.attempts = {attempt_with(503), attempt_with(200)};
    record.retries = {
        {policy::Reason::server_error, policy::WaitSource::header, 30s, true},
        {policy::Reason::timeout, policy::WaitSource::backoff, 2s, false},  // the client left
    };
    Report done = report(200, Outcome::ok, policy::Reason::succeeded);
    done.record = &record;
    upstream_->exchange(done);

    const auto retries = [&](const char* reason) {
        return value("backstop_retries_total", {{"route", "/calls"}, {"reason", reason}});
    };
    EXPECT_THAT(retries("server_error"), Optional(1));
    EXPECT_THAT(retries("timeout"), Optional(0));
    EXPECT_THAT(value("backstop_retry_wait_seconds_sum", {{"source", "header"}}), Optional(30));
    EXPECT_THAT(value("backstop_retry_wait_seconds_count", {{"source", "backoff"}}), Optional(0));
}

TEST_F(MetricsTest, CountsADeniedRetryAndWhatBecameOfTheWrite) {
    policy::Record record;
    record.attempts = {attempt_broken(policy::FailureKind::reset, policy::Stage::await_head)};
    record.denied = policy::Denied::unsafe;
    record.ambiguous = policy::Record::Ambiguous::unknown;
    Report done = report(502, Outcome::local_error, policy::Reason::unreachable);
    done.record = &record;
    upstream_->exchange(done);

    EXPECT_THAT(value("backstop_retries_denied_total", {{"reason", "unsafe"}}), Optional(1));
    EXPECT_THAT(
        value(
            "backstop_ambiguous_outcomes_total", {{"route", "/calls"}, {"resolution", "unknown"}}
        ),
        Optional(1)
    );
    EXPECT_THAT(
        value(
            "backstop_upstream_attempts_total",
            {{"route", "/calls"}, {"code", "none"}, {"failure", "reset"}}
        ),
        Optional(1)
    );
}

TEST_F(MetricsTest, DoesNotCallTheRefusalOfAFirstAttemptADeniedRetry) {
    policy::Record record;
    record.denied = policy::Denied::breaker;
    Report done = report(503, Outcome::local_error, policy::Reason::circuit_open);
    done.record = &record;
    upstream_->exchange(done);

    EXPECT_THAT(value("backstop_retries_denied_total", {{"reason", "breaker"}}), Optional(0));
}

TEST_F(MetricsTest, CountsADegradedAnswerByItsReason) {
    upstream_->exchange(report(200, Outcome::degraded, policy::Reason::circuit_open));
    // A reason that the route does not list, as when a reload has changed the list meanwhile.
    upstream_->exchange(report(200, Outcome::degraded, policy::Reason::unreachable));

    const auto degraded = [&](const char* reason) {
        return value(
            "backstop_degraded_responses_total", {{"route", "/calls"}, {"reason", reason}}
        );
    };
    EXPECT_THAT(degraded("circuit_open"), Optional(1));
    EXPECT_THAT(degraded("unreachable"), Optional(1));
    EXPECT_THAT(degraded("timeout"), Optional(0));
}

TEST_F(MetricsTest, CountsDenialsByWhatTheDialectKnows) {
    const struct {
        const char* name;
        int status;
        const char* error_code;
        const char* quota_reason;
        const char* denial_class;
        const char* reason;
    } rows[] = {
        {"a code of the dialect's own envelope", 401, "invalid_key", "", "auth", "invalid_key"},
        {"a code that a rule names", 403, "account_blocked", "", "forbidden", "account_blocked"},
        {"a code that nobody knows", 403, "because +15550100", "", "forbidden", "other"},
        {"a reason of the quota", 402, "whatever", "monthly_quota", "payment", "monthly_quota"},
        {"no reason of the quota", 402, "", "", "payment", "other"},
        {"a conflict", 409, "", "", "conflict", "other"},
        {"a quota said with a 429", 429, "over", "monthly_quota", "payment", "monthly_quota"},
        {"a quota said with a 403", 403, "over", "other", "payment", "other"},
    };
    const auto all = [this] {
        double sum = 0;
        for (const auto& sample : scrape().samples)
            sum += sample.name == "backstop_denials_total" ? sample.value : 0;
        return sum;
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        const Labels labels{{"class", row.denial_class}, {"reason", row.reason}};
        const double before = value("backstop_denials_total", labels).value_or(0);
        const double all_before = all();
        policy::Record record;
        record.attempts = {attempt_with(row.status)};
        record.error_code = row.error_code;
        record.quota_reason = row.quota_reason;
        Report done = report(row.status, Outcome::client_error, policy::Reason::rejected);
        done.record = &record;
        upstream_->exchange(done);
        EXPECT_THAT(value("backstop_denials_total", labels), Optional(before + 1));
        EXPECT_EQ(all(), all_before + 1) << "and of one class";
    }
}

TEST_F(MetricsTest, CountsConnectionsThatBrokeUnderAnAttempt) {
    using Kind = policy::FailureKind;
    using Stage = policy::Stage;
    const struct {
        Kind failure;
        Stage stage;
        const char* word;
        bool reused;
        double more;
    } rows[] = {
        {Kind::send, Stage::send, "send", true, 1},
        {Kind::reset, Stage::await_head, "await_head", true, 1},
        {Kind::timeout, Stage::await_head, "await_head", false, 1},
        {Kind::truncated, Stage::receive_body, "receive_body", false, 1},
        {Kind::malformed, Stage::await_head, "await_head", false, 1},
        // Whoever tried to open it has told of it.
        {Kind::resolve, Stage::resolve, "resolve", false, 0},
        {Kind::connect, Stage::connect, "connect", false, 0},
        {Kind::tls, Stage::handshake, "handshake", false, 0},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.word) + " " + std::string(policy::word(row.failure)));
        const Labels labels{{"stage", row.word}, {"reused", row.reused ? "true" : "false"}};
        const double before = value("backstop_connection_failures_total", labels).value();
        policy::Record record;
        record.attempts = {attempt_broken(row.failure, row.stage), attempt_with(200)};
        record.attempts[0].reused = row.reused;
        record.attempts[1].reused = row.reused;
        Report done = report(200, Outcome::ok, policy::Reason::succeeded);
        done.record = &record;
        upstream_->exchange(done);
        EXPECT_THAT(
            value("backstop_connection_failures_total", labels), Optional(before + row.more)
        );
    }
}

TEST_F(MetricsTest, CountsWhatTheStoreOfKeysKnew) {
    const struct {
        Twin twin;
        const char* event;
    } rows[] = {
        {Twin::replayed, "replayed"},
        {Twin::joined, "joined"},
        {Twin::mismatch, "mismatch"},
    };
    for (const auto& row : rows) {
        Report done = report(200, Outcome::replayed, policy::Reason::succeeded);
        done.key = policy::KeySource::passed;
        done.twin = row.twin;
        upstream_->exchange(done);
        EXPECT_THAT(
            value("backstop_idempotency_events_total", {{"event", row.event}}), Optional(1)
        );
    }
    EXPECT_THAT(value("backstop_idempotency_events_total", {{"event", "passed"}}), Optional(3));
}

TEST_F(MetricsTest, CountsARequestWithoutARouteAsOther) {
    Report unmatched = report(200, Outcome::ok, policy::Reason::succeeded);
    unmatched.route = nullptr;
    upstream_->exchange(unmatched);
    unmatched.route = &rules_.other;
    upstream_->exchange(unmatched);
    EXPECT_THAT(
        value(
            "backstop_requests_total",
            {{"route", "other"}, {"method", "POST"}, {"code", "200"}, {"outcome", "ok"}}
        ),
        Optional(2)
    );
}

TEST_F(MetricsTest, StaysBoundedWhateverMethodsAndCodesCome) {
    const auto many = [&] {
        policy::Record record;
        record.attempts = {attempt_with(0)};
        Report done = report(0, Outcome::ok, policy::Reason::succeeded);
        done.record = &record;
        for (int i = 0; i < 100'000; ++i) {
            const std::string method = "M" + std::to_string(i);
            done.method = method;
            done.status = i;
            record.attempts[0].status = i;
            record.error_code = method;
            done.route = i % 2 == 0 ? &rules_.routes[1] : nullptr;
            upstream_->exchange(done);
        }
    };
    many();
    const std::size_t once = scrape().samples.size();
    EXPECT_LT(once, 1500);
    many();
    EXPECT_EQ(scrape().samples.size(), once);
}

TEST_F(MetricsTest, CountsClientErrorsByAClosedList) {
    metrics_.client_error("head_timeout");
    metrics_.client_error("something new");
    metrics_.client_error("something else");
    const Exposition now = scrape();
    EXPECT_THAT(now.value("backstop_client_errors_total", {{"kind", "head_timeout"}}), Optional(1));
    EXPECT_THAT(now.value("backstop_client_errors_total", {{"kind", "other"}}), Optional(2));
    EXPECT_EQ(now.count("backstop_client_errors_total"), Metrics::client_error_kinds().size());
}

TEST_F(MetricsTest, ShowsBuildAndReloads) {
    const Exposition before = scrape();
    EXPECT_THAT(
        before.value("backstop_build_info", {{"version", "1.2.3"}, {"revision", "abc"}}),
        Optional(1)
    );
    EXPECT_EQ(before.count("backstop_config_last_reload_successful"), 0);

    metrics_.config_loaded(true, policy::WallTime(1000s));
    metrics_.config_loaded(false, policy::WallTime(2000s));
    const Exposition after = scrape();
    EXPECT_THAT(after.value("backstop_config_last_reload_successful", {}), Optional(0));
    EXPECT_THAT(
        after.value("backstop_config_last_reload_success_timestamp_seconds", {}), Optional(1000)
    );
}

// --- gauges ---

TEST_F(MetricsTest, LeavesGaugesOutUntilThereIsSomethingToShow) {
    EXPECT_EQ(scrape().count("backstop_breaker_state"), 0) << "no Standing yet";
    upstream_->set_standing(&standing_);
    const Exposition now = scrape();
    for (const char* family :
         {"backstop_rate_limit_limit",
          "backstop_rate_limit_remaining",
          "backstop_rate_limit_used_ratio",
          "backstop_gate_until_timestamp_seconds",
          "backstop_quota_remaining",
          "backstop_clock_offset_seconds",
          "backstop_connections"}) {
        EXPECT_EQ(now.count(family), 0) << family;
        EXPECT_FALSE(now.help.contains(family)) << family;
    }
    EXPECT_THAT(value("backstop_gate_closed", {{"scope", "reads"}, {"kind", "rate"}}), Optional(0));
    EXPECT_THAT(value("backstop_breaker_state", {{"state", "closed"}}), Optional(1));
    EXPECT_THAT(value("backstop_breaker_state", {{"state", "open"}}), Optional(0));
    EXPECT_THAT(value("backstop_breaker_transitions_total", {{"to", "open"}}), Optional(0));
    EXPECT_THAT(value("backstop_retry_budget_tokens", {}), Optional(testing::Gt(0)));
}

TEST_F(MetricsTest, MirrorsGateAndLimits) {
    upstream_->set_standing(&standing_);
    policy::LimitStanding& limits = standing_.limits("default", 7);
    policy::RateLimitTracker::Observation seen;
    seen.limit = 600;
    seen.remaining = 60;
    seen.reset = clock_.wall() + 20s;
    limits.limits.observe(seen, clock_.now());
    limits.gate.close(clock_.steady() + 20s, policy::Gate::Kind::rate, clock_.steady());

    const double wall = std::chrono::duration<double>(clock_.wall().time_since_epoch()).count();
    const Labels scope{{"scope", "default"}};
    const Labels gate{{"scope", "default"}, {"kind", "rate"}};
    EXPECT_THAT(value("backstop_rate_limit_limit", scope), Optional(600));
    EXPECT_THAT(value("backstop_rate_limit_remaining", scope), Optional(60));
    EXPECT_THAT(value("backstop_rate_limit_reset_timestamp_seconds", scope), Optional(wall + 20));
    EXPECT_THAT(value("backstop_rate_limit_observed_timestamp_seconds", scope), Optional(wall));
    EXPECT_THAT(value("backstop_rate_limit_used_ratio", scope), Optional(testing::DoubleEq(0.9)));
    EXPECT_THAT(value("backstop_gate_closed", gate), Optional(1));
    EXPECT_THAT(value("backstop_gate_until_timestamp_seconds", gate), Optional(wall + 20));
    EXPECT_THAT(
        value("backstop_gate_closed", {{"scope", "default"}, {"kind", "concurrency"}}), Optional(0)
    );

    // The window is over: what was observed stays, what it says of now does not.
    clock_.advance(30s);
    EXPECT_THAT(value("backstop_rate_limit_limit", scope), Optional(600));
    EXPECT_EQ(value("backstop_rate_limit_used_ratio", scope), std::nullopt);
    EXPECT_THAT(value("backstop_gate_closed", gate), Optional(0));
    EXPECT_EQ(value("backstop_gate_until_timestamp_seconds", gate), std::nullopt);
}

TEST_F(MetricsTest, ShowsTheTightestOfSeveralCredentials) {
    upstream_->set_standing(&standing_);
    policy::RateLimitTracker::Observation seen;
    seen.limit = 100;
    for (const auto& [credential, remaining] : {std::pair{1, 80.0}, {2, 10.0}, {3, 50.0}}) {
        seen.remaining = remaining;
        standing_.limits("default", static_cast<std::uint64_t>(credential))
            .limits.observe(seen, clock_.now());
    }
    EXPECT_THAT(value("backstop_rate_limit_remaining", {{"scope", "default"}}), Optional(10));
}

TEST_F(MetricsTest, MirrorsBreakerQuotaAndClock) {
    upstream_->set_standing(&standing_);
    standing_.quota.observe(42, clock_.now());
    policy::Moment sent = clock_.now();
    clock_.advance(10ms);
    standing_.clock.observe(
        std::chrono::floor<std::chrono::seconds>(clock_.wall() + 60s), sent, clock_.now()
    );
    for (int i = 0; i < 5; ++i) {
        const auto ticket = standing_.breaker.admit(true, clock_.steady());
        standing_.breaker.failed(ticket, clock_.steady());
    }
    EXPECT_THAT(value("backstop_quota_remaining", {}), Optional(42));
    EXPECT_THAT(value("backstop_clock_offset_seconds", {}), Optional(testing::DoubleNear(60, 1)));
    EXPECT_THAT(value("backstop_breaker_state", {{"state", "open"}}), Optional(1));
    EXPECT_THAT(value("backstop_breaker_state", {{"state", "closed"}}), Optional(0));
    EXPECT_THAT(value("backstop_breaker_transitions_total", {{"to", "open"}}), Optional(1));
}

TEST_F(MetricsTest, ReadsLiveNumbersWhenScraped) {
    upstream_->set_standing(&standing_);
    LiveNumbers numbers;
    numbers.connections_idle = 3;
    numbers.connections_busy = 2;
    numbers.in_flight = 4;
    numbers.waiting = 1;
    numbers.buffer_bytes = 1024;
    upstream_->set_live([&] { return numbers; });
    policy::Gate& gate = standing_.limits("default", 0).gate;
    gate.close(clock_.steady() + 5s, policy::Gate::Kind::rate, clock_.steady());
    policy::Gate::Place place;
    gate.ask(true, place, clock_.steady() + 60s, clock_.steady());

    EXPECT_THAT(value("backstop_connections", {{"state", "idle"}}), Optional(3));
    EXPECT_THAT(value("backstop_connections", {{"state", "busy"}}), Optional(2));
    EXPECT_THAT(value("backstop_inflight_requests", {}), Optional(4));
    EXPECT_THAT(value("backstop_queue_depth", {}), Optional(2)) << "one at the gate, one not";
    EXPECT_THAT(value("backstop_buffer_bytes", {}), Optional(1024));
    gate.leave(place, clock_.steady());
}

// --- reload ---

TEST_F(MetricsTest, KeepsCountingAcrossAReload) {
    const Labels ok{{"route", "/calls"}, {"method", "POST"}, {"code", "200"}, {"outcome", "ok"}};
    upstream_->set_standing(&standing_);
    upstream_->exchange(report(200, Outcome::ok, policy::Reason::succeeded));

    policy::Rules changed = rules_of("acme");
    changed.routes = {route("DELETE", "/calls/{id}"), route("POST", "/calls")};
    const policy::Standing standing(changed);
    auto reloaded = metrics_.upstream(changed);
    reloaded->set_standing(&standing);
    // An exchange of before the reload ends after it: both hold the same series.
    upstream_->exchange(report(200, Outcome::ok, policy::Reason::succeeded));
    Report newer = report(200, Outcome::ok, policy::Reason::succeeded);
    newer.route = &changed.routes[1];
    reloaded->exchange(newer);
    EXPECT_THAT(value("backstop_requests_total", ok), Optional(3)) << "and no gauge comes twice";

    upstream_ = std::move(reloaded);
    EXPECT_THAT(value("backstop_requests_total", ok), Optional(3));
    EXPECT_EQ(
        value("backstop_request_duration_seconds_count", {{"route", "/calls/{id}"}}),
        std::optional(0.0)
    );
}

TEST_F(MetricsTest, TellsTheLiveNumbersOfWhatAReloadReplaced) {
    LiveNumbers older;
    older.connections_idle = 1;
    older.connections_busy = 2;
    older.in_flight = 3;
    older.waiting = 4;
    older.buffer_bytes = 1024;
    upstream_->set_live([&] { return older; });
    auto reloaded = metrics_.upstream(rules_);
    reloaded->set_live([] { return LiveNumbers{10, 20, 30, 40, 1024}; });
    const policy::Rules others = rules_of("beta");
    auto beta = metrics_.upstream(others);
    beta->set_live([] { return LiveNumbers{100, 100, 100, 100, 1024}; });

    EXPECT_THAT(value("backstop_connections", {{"state", "idle"}}), Optional(11));
    EXPECT_THAT(value("backstop_connections", {{"state", "busy"}}), Optional(22));
    EXPECT_THAT(value("backstop_inflight_requests", {}), Optional(33));
    EXPECT_THAT(value("backstop_queue_depth", {}), Optional(44));
    EXPECT_THAT(value("backstop_buffer_bytes", {}), Optional(1024)) << "of the whole process";
    EXPECT_EQ(reloaded->live().in_flight, 33) << "for /status";

    upstream_ = std::move(reloaded);
    EXPECT_THAT(value("backstop_inflight_requests", {}), Optional(30));
}

TEST_F(MetricsTest, KeepsCountingTransitionsWhateverBecomesOfTheBreaker) {
    const auto opened = [this] {
        return value("backstop_breaker_transitions_total", {{"to", "open"}});
    };
    const auto open = [this](policy::Standing& standing) {
        for (int i = 0; i < 5; ++i)
            standing.breaker.failed(standing.breaker.admit(true, clock_.steady()), clock_.steady());
    };
    EXPECT_THAT(opened(), Optional(0));
    policy::Standing moved(rules_);
    upstream_->set_standing(&standing_);
    open(standing_);
    EXPECT_THAT(opened(), Optional(1));

    auto same = metrics_.upstream(rules_);
    same->set_standing(&standing_);
    EXPECT_THAT(opened(), Optional(1)) << "both have this one";

    upstream_ = metrics_.upstream(rules_);
    upstream_->set_standing(&moved);
    EXPECT_THAT(opened(), Optional(1));
    open(moved);
    EXPECT_THAT(opened(), Optional(2));

    // What nobody scrapes any more is counted when its exchanges end.
    clock_.advance(10s);
    moved.breaker.admit(true, clock_.steady());
    upstream_->retire();
    upstream_->exchange(report(200, Outcome::ok, policy::Reason::succeeded));
    EXPECT_THAT(value("backstop_breaker_transitions_total", {{"to", "half_open"}}), Optional(1));
    upstream_.reset();
    same.reset();
    EXPECT_THAT(opened(), Optional(2));
}

TEST_F(MetricsTest, KeepsTheCountersButNotTheGaugesOfWhatAReloadRemoved) {
    const policy::Rules more = rules_of("beta");
    const policy::Standing standing(more);
    auto beta = metrics_.upstream(more);
    beta->set_standing(&standing);
    const Labels open{{"upstream", "beta"}, {"state", "closed"}};
    ASSERT_THAT(value("backstop_breaker_state", open), Optional(1));
    beta->connection_failed(policy::Stage::connect, false);

    beta->retire();
    const Labels failures{{"upstream", "beta"}, {"stage", "connect"}, {"reused", "false"}};
    EXPECT_EQ(value("backstop_breaker_state", open), std::nullopt);
    EXPECT_THAT(value("backstop_connection_failures_total", failures), Optional(1));

    beta->connection_failed(policy::Stage::connect, false);  // of an exchange under way
    beta.reset();
    EXPECT_THAT(value("backstop_connection_failures_total", failures), Optional(2));
    EXPECT_EQ(metrics_.newest_bindings().size(), 1U);
}

}  // namespace
}  // namespace backstop::proxy
