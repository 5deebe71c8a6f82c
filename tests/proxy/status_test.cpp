#include "proxy/status.hpp"

#include "tests/proxy/status_fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace backstop::proxy {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

class StatusTest : public StatusFixture {
protected:
    StatusTest() : StatusFixture("acme") {}

    json::object status() const {
        const std::string text = rendered(status_json);
        EXPECT_TRUE(text.ends_with('\n'));
        return json::parse(text).as_object();
    }
    json::object upstream() const { return status().at("upstreams").at(0).as_object(); }
};

TEST_F(StatusTest, TellsWhatRuns) {
    const json::object now = status();
    EXPECT_EQ(now.at("version"), "1.2.3");
    EXPECT_EQ(now.at("revision"), "abc");
    EXPECT_EQ(now.at("started"), "2026-02-08T11:58:30.000Z");
    EXPECT_EQ(now.at("uptime_seconds"), 90.0);
    EXPECT_EQ(now.at("ready"), true);
    EXPECT_EQ(now.at("draining"), false);
    EXPECT_EQ(upstream().at("name"), "acme");
    EXPECT_EQ(upstream().at("mode"), "act");
}

TEST_F(StatusTest, TellsWhereAQuietUpstreamStands) {
    upstream_->set_standing(&standing_);
    const json::object quiet = upstream();
    EXPECT_EQ(quiet.at("breaker"), json::parse(R"({"state": "closed"})"));
    EXPECT_EQ(
        quiet.at("gates"),
        json::parse(
            R"([{"scope": "default", "closed": false, "waiting": 0},
                {"scope": "reads", "closed": false, "waiting": 0}])"
        )
    );
    EXPECT_EQ(quiet.at("limits").as_array().size(), 0);
    EXPECT_FALSE(quiet.contains("quota"));
    EXPECT_FALSE(quiet.contains("clock_offset_seconds"));
}

TEST_F(StatusTest, TellsWhereATroubledUpstreamStands) {
    upstream_->set_standing(&standing_);
    policy::LimitStanding& limits = standing_.limits("reads", 1);
    policy::RateLimitTracker::Observation seen;
    seen.limit = 100;
    seen.remaining = 0;
    seen.reset = clock_.wall() + 30s;
    limits.limits.observe(seen, clock_.now());
    limits.gate.close(clock_.steady() + 30s, policy::Gate::Kind::rate, clock_.steady());
    standing_.quota.observe(7, clock_.now());
    for (int i = 0; i < 5; ++i)
        standing_.breaker.failed(standing_.breaker.admit(true, clock_.steady()), clock_.steady());

    const json::object troubled = upstream();
    EXPECT_EQ(troubled.at("breaker"), json::parse(R"({"state": "open", "open_for_seconds": 5.0})"));
    EXPECT_EQ(
        troubled.at("gates").at(0),
        json::parse(
            R"({"scope": "reads", "closed": true, "waiting": 0, "kind": "rate",
                "opens_in_seconds": 30.0})"
        )
    );
    EXPECT_EQ(
        troubled.at("limits").at(0),
        json::parse(
            R"({"scope": "reads", "limit": 100.0, "remaining": 0.0,
                "reset": "2026-02-08T12:00:30.000Z", "used_ratio": 1.0,
                "observed": "2026-02-08T12:00:00.000Z"})"
        )
    );
    EXPECT_EQ(troubled.at("quota").at("remaining"), 7.0);
}

TEST_F(StatusTest, TellsTheLastMinutes) {
    EXPECT_EQ(upstream().at("activity").at("attempts").as_array().size(), Activity::slices);
    EXPECT_EQ(status().at("failures").as_array().size(), 0);

    upstream_->set_standing(&standing_);
    standing_.quota.observe(9, clock_.now());
    policy::Record record;
    record.attempts.resize(2);
    record.attempts[1].number = 2;
    Report report;
    report.route = &rules_.routes[0];
    report.method = "POST";
    report.status = 503;
    report.outcome = Outcome::local_error;
    report.reason = policy::Reason::circuit_open;
    report.record = &record;
    report.ended = clock_.now();
    upstream_->exchange(report);
    standing_.quota.observe(7, clock_.now());

    const json::object now = upstream();
    EXPECT_EQ(now.at("activity").at("slice_seconds"), 5.0);
    EXPECT_EQ(now.at("activity").at("attempts").as_array().back(), 2);
    EXPECT_EQ(now.at("activity").at("impaired").as_array().back(), 1);
    EXPECT_EQ(now.at("quota").at("remaining"), 7.0);
    EXPECT_EQ(now.at("quota").at("most_seen"), 9.0);
    EXPECT_EQ(
        status().at("failures").at(0),
        json::parse(
            R"({"count": 1, "first": "2026-02-08T12:00:00.000Z", "last": "2026-02-08T12:00:00.000Z", "upstream": "acme", "route": "other",
                "method": "POST", "status": 503, "outcome": "local_error",
                "reason": "circuit_open", "attempts": 2})"
        )
    );
}

TEST_F(StatusTest, TellsWhetherTheUpstreamIsKnownToBeItself) {
    EXPECT_EQ(upstream().at("tls"), "none");
    upstream_->set_tls(TlsUse::verified);
    EXPECT_EQ(upstream().at("tls"), "verified");
    upstream_->set_tls(TlsUse::not_verified);
    EXPECT_EQ(upstream().at("tls"), "not verified");
}

TEST_F(StatusTest, TellsLiveNumbers) {
    EXPECT_FALSE(upstream().contains("in_flight"));
    LiveNumbers numbers;
    numbers.connections_idle = 2;
    numbers.in_flight = 3;
    upstream_->set_live([&] { return numbers; });
    EXPECT_EQ(upstream().at("connections").at("idle"), 2);
    EXPECT_EQ(upstream().at("in_flight"), 3);
}

}  // namespace
}  // namespace backstop::proxy
