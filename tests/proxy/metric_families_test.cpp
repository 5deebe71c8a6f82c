// docs/METRICS.md, the table of families and what is really exposed: each compared with the other.
#include "proxy/metric_families.hpp"

#include "policy/standing.hpp"
#include "proxy/metric_labels.hpp"
#include "proxy/metrics.hpp"
#include "proxy/upstream_metrics.hpp"
#include "tests/proxy/exposition.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;

std::string_view type_of(FamilyKind kind) {
    switch (kind) {
        case FamilyKind::counter:
            return "counter";
        case FamilyKind::gauge:
            return "gauge";
        case FamilyKind::histogram:
            return "histogram";
    }
    return {};
}

// A row of the documentation's table.
std::string row_of(const FamilyInfo& info) {
    std::string labels;
    std::istringstream words{std::string(info.labels)};
    for (std::string label; words >> label;)
        labels += (labels.empty() ? "`" : " `") + label + "`";
    std::ostringstream row;
    row << "| `" << info.name << "` | " << type_of(info.kind) << " | " << labels << " | "
        << info.help << " |";
    return row.str();
}

// The rows of the table under that heading, without its head.
std::vector<std::string> documented_rows(const std::string& heading) {
    std::ifstream file(BACKSTOP_SOURCE_DIR "/docs/METRICS.md");
    std::vector<std::string> rows;
    bool here = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("## ")) here = line == "## " + heading;
        if (here && line.starts_with("| `")) rows.push_back(line);
    }
    return rows;
}

std::string lines_of(const std::vector<std::string>& rows) {
    std::string all = "docs/METRICS.md must have exactly these rows:\n";
    for (const std::string& row : rows)
        all += row + "\n";
    return all;
}

TEST(MetricFamilies, AreThoseOfTheDocumentation) {
    std::vector<std::string> rows;
    for (const FamilyInfo* info : families::all())
        rows.push_back(row_of(*info));
    EXPECT_THAT(documented_rows("Families"), testing::ElementsAreArray(rows)) << lines_of(rows);
}

std::string in_code_style(const std::string& text) {
    return "`" + text + "`";
}

// A row of the table of label values.
template <typename Values>
std::string row_of(const std::string& label, const std::string& families, const Values& values) {
    std::string row = "| " + in_code_style(label) + " | " + families + " |";
    for (const auto& value : values)
        row += " " + in_code_style(std::string(value));
    return row + " |";
}

// The words of an enum from `first` to `last`.
template <typename Enum, Enum first, Enum last>
std::vector<std::string> words() {
    std::vector<std::string> all;
    for (const Enum value : values_to<Enum, last>()) {
        if (value >= first) all.emplace_back(word(value));
    }
    return all;
}

TEST(MetricLabels, HaveTheValuesOfTheDocumentation) {
    using policy::Denied;
    using policy::FailureKind;
    using policy::Reason;
    using policy::Stage;
    using policy::WaitSource;
    using Ambiguous = policy::Record::Ambiguous;
    using Kind = policy::Gate::Kind;
    using State = policy::CircuitBreaker::State;
    const auto states = words<State, State::closed, State::half_open>();
    const std::vector<std::string> rows{
        row_of(
            "outcome", "`backstop_requests_total`", words<Outcome, Outcome::ok, Outcome::aborted>()
        ),
        row_of(
            "method",
            "`backstop_requests_total`",
            words<MethodLabel, MethodLabel::get, MethodLabel::other>()
        ),
        row_of(
            "failure",
            "`backstop_upstream_attempts_total`",
            words<FailureKind, FailureKind::none, FailureKind::malformed>()
        ),
        row_of(
            "reason",
            "`backstop_retries_denied_total`",
            words<Denied, Denied::attempts, Denied::draining>()
        ),
        row_of(
            "reason",
            "`backstop_retries_total`, `backstop_degraded_responses_total`",
            words<Reason, Reason::rejected, Reason::conflict_resolved>()
        ),
        row_of(
            "source",
            "`backstop_retry_wait_seconds`",
            words<WaitSource, WaitSource::header, WaitSource::backoff>()
        ),
        row_of(
            "class",
            "`backstop_denials_total`",
            std::array{"auth", "payment", "forbidden", "conflict"}
        ),
        row_of(
            "kind",
            "`backstop_gate_closed`, `backstop_gate_until_timestamp_seconds`",
            words<Kind, Kind::rate, Kind::concurrency>()
        ),
        row_of("state", "`backstop_breaker_state`", states),
        row_of("to", "`backstop_breaker_transitions_total`", states),
        row_of(
            "event",
            "`backstop_idempotency_events_total`",
            words<IdempotencyEvent, IdempotencyEvent::minted, IdempotencyEvent::mismatch>()
        ),
        row_of(
            "resolution",
            "`backstop_ambiguous_outcomes_total`",
            words<Ambiguous, Ambiguous::retried, Ambiguous::unknown>()
        ),
        row_of("state", "`backstop_connections`", std::array{"idle", "busy"}),
        row_of(
            "stage",
            "`backstop_connection_failures_total`",
            words<Stage, Stage::resolve, Stage::receive_body>()
        ),
        row_of("kind", "`backstop_client_errors_total`", Metrics::client_error_kinds()),
    };
    EXPECT_THAT(documented_rows("Label values"), testing::ElementsAreArray(rows)) << lines_of(rows);
}

TEST(MetricFamilies, FollowPrometheusNamingRules) {
    std::set<std::string_view> names;
    for (const FamilyInfo* info : families::all()) {
        SCOPED_TRACE(info->name);
        EXPECT_TRUE(names.insert(info->name).second) << "twice";
        EXPECT_TRUE(info->name.starts_with("backstop_"));
        EXPECT_EQ(info->name.ends_with("_total"), info->kind == FamilyKind::counter);
        EXPECT_EQ(
            info->name.ends_with("_seconds"),
            info->kind == FamilyKind::histogram || info->help.starts_with("When ") ||
                info->name == families::clock_offset.name
        );
        EXPECT_TRUE(info->help.ends_with('.'));
    }
}

// Lets everything happen once, so that every family has a series.
class EverythingHappened {
public:
    EverythingHappened() {
        upstream_->set_standing(&standing_);
        upstream_->set_live([] { return LiveNumbers{}; });
        metrics_.set_process([] { return ProcessNumbers{}; });
        metrics_.config_loaded(true, clock_.wall());
        standing_.quota.observe(1, clock_.now());
        standing_.clock.observe(
            std::chrono::floor<std::chrono::seconds>(clock_.wall()), clock_.now(), clock_.now()
        );
        policy::RateLimitTracker::Observation seen;
        seen.limit = 10;
        seen.remaining = 5;
        seen.reset = clock_.wall() + 10s;
        policy::LimitStanding& limits = standing_.limits("default", 0);
        limits.limits.observe(seen, clock_.now());
        limits.gate.close(clock_.steady() + 10s, policy::Gate::Kind::rate, clock_.steady());
        Report degraded;
        degraded.method = "GET";
        degraded.status = 200;
        degraded.outcome = Outcome::degraded;
        degraded.reason = policy::Reason::timeout;
        upstream_->exchange(degraded);
    }
    test::Exposition scrape() const {
        return test::parse_exposition(metrics_.exposition(clock_.now()));
    }

private:
    test::FakeClock clock_{};
    policy::Rules rules_ = [] {
        policy::Rules rules;
        rules.upstream = "acme";
        return rules;
    }();
    policy::Standing standing_{rules_};
    Metrics metrics_{Build{}};
    std::unique_ptr<UpstreamMetrics> upstream_ = metrics_.upstream(rules_);
};

TEST(MetricFamilies, AreExposedAsTheTableSays) {
    const test::Exposition exposed = EverythingHappened().scrape();
    for (const FamilyInfo* info : families::all()) {
        SCOPED_TRACE(info->name);
        const std::string name(info->name);
        ASSERT_TRUE(exposed.type.contains(name));
        EXPECT_EQ(exposed.type.at(name), type_of(info->kind));
        EXPECT_EQ(exposed.help.at(name), info->help);
    }
    EXPECT_EQ(exposed.type.size(), families::all().size());
}

TEST(MetricFamilies, HaveExactlyTheLabelsOfTheTable) {
    const test::Exposition exposed = EverythingHappened().scrape();
    std::map<std::string, std::set<std::string>> expected;
    for (const FamilyInfo* info : families::all()) {
        std::istringstream words{std::string(info->labels)};
        for (std::string label; words >> label;)
            expected[std::string(info->name)].insert(label);
    }
    for (const test::Sample& sample : exposed.samples) {
        SCOPED_TRACE(sample.name);
        std::set<std::string> labels;
        for (const auto& [name, value] : sample.labels) {
            if (name != "le") labels.insert(name);
        }
        EXPECT_EQ(labels, expected[test::family_of(exposed, sample.name)]);
    }
}

}  // namespace
}  // namespace backstop::proxy
