#include "proxy/access_log.hpp"

#include "proxy/line_writer.hpp"
#include "tests/proxy/pipe.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace backstop::proxy {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

// An exchange that succeeded at the second attempt.
struct Story {
    Story() {
        route.label = "POST /v1/calls/{id}";
        policy::AttemptRecord first;
        first.status = 503;
        first.took = 120ms;
        first.verdict = policy::Verdict::transient;
        first.evidence = policy::Evidence::ambiguous;
        first.rule = "server error";
        policy::AttemptRecord second;
        second.number = 2;
        second.status = 200;
        second.took = 80'250us;
        second.waited = 1500ms;
        second.wait_source = policy::WaitSource::backoff;
        second.reused = true;
        record.attempts = {first, second};
        record.error_code = "Service Unavailable";
        record.request_id = "req_8f14e45f";

        report.route = &route;
        report.method = "POST";
        report.status = 200;
        report.took = 1'700'500us;
        report.bytes_in = 120;
        report.bytes_out = 340;
        report.record = &record;
        report.key = policy::KeySource::minted;
        report.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        report.ended.wall = policy::WallTime(1770552000s + 42ms);
    }
    Story(const Story&) = delete;

    policy::Route route{};
    policy::Record record{};
    Report report{};
};

class AccessLogTest : public testing::Test {
protected:
    std::vector<std::string> lines_of(const Report& report, config::Log options = {}) {
        AccessLog log(writer_, options, false);
        log.exchange("sticky-calls", report);
        return pipe_.lines();
    }
    json::object line_of(const Report& report) {
        const std::vector<std::string> lines = lines_of(report);
        EXPECT_EQ(lines.size(), 1);
        return json::parse(lines.at(0)).as_object();
    }

    test::Pipe pipe_{};
    LineWriter writer_{pipe_.writer()};
};

TEST_F(AccessLogTest, TellsTheWholeExchangeInOneLine) {
    const Story story;
    const json::object line = line_of(story.report);
    EXPECT_EQ(json::serialize(line), json::serialize(json::parse(R"({
        "ts": "2026-02-08T12:00:00.042Z", "level": "info", "msg": "exchange",
        "upstream": "sticky-calls", "route": "POST /v1/calls/{id}", "method": "POST",
        "status": 200, "outcome": "ok", "reason": "succeeded", "duration_ms": 1700.5,
        "bytes_in": 120, "bytes_out": 340,
        "attempts": [
            {"code": 503, "failure": "none", "ms": 120, "wait_ms": 0, "wait_source": "none",
             "reused": false, "rule": "server error"},
            {"code": 200, "failure": "none", "ms": 80.25, "wait_ms": 1500,
             "wait_source": "backoff", "reused": true}],
        "idempotency": "minted", "error_code": "Service Unavailable",
        "request_id": "req_8f14e45f", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"})")));
}

TEST_F(AccessLogTest, TellsHowFarAFailedAttemptGot) {
    Story story;
    policy::AttemptRecord& attempt = story.record.attempts[0];
    attempt.status = 0;
    attempt.failure = policy::FailureKind::tls;
    attempt.stage = policy::Stage::handshake;
    const json::object line = line_of(story.report);
    const json::object first = line.at("attempts").at(0).as_object();
    EXPECT_TRUE(first.at("code").is_null());
    EXPECT_EQ(first.at("failure"), "tls");
    EXPECT_EQ(first.at("stage"), "handshake");
}

TEST_F(AccessLogTest, NamesWhatTheDecisionWasMadeFrom) {
    Story story;
    policy::RetryJudgement judgement;
    judgement.facts.may_repeat = true;
    judgement.facts.made = 2;
    judgement.facts.left = 1'234'567'891ns;
    judgement.facts.gate_closed = 20s;
    judgement.decision.delay.wait = 2'345'678'912ns;
    judgement.decision.delay.source = policy::WaitSource::header;
    judgement.decision.reason = policy::Reason::rate_limited;
    judgement.decision.free = true;
    judgement.hint = policy::Hint{2s, policy::WaitSource::header};
    judgement.roll = 0.12345678901234567;
    judgement.facts.budget = 2.5;
    judgement.clock_offset = -250ms;
    story.record.judgement = judgement;
    story.record.denied = policy::Denied::deadline;
    story.record.ambiguous = policy::Record::Ambiguous::unknown;

    const json::object decision = line_of(story.report).at("decision").as_object();
    EXPECT_EQ(decision.at("denied"), "deadline");
    EXPECT_EQ(decision.at("ambiguous"), "unknown");
    EXPECT_EQ(decision.at("verdict"), "ok");
    EXPECT_EQ(decision.at("action"), "finish");
    EXPECT_EQ(decision.at("reason"), "rate_limited");
    EXPECT_EQ(decision.at("may_repeat"), true);
    EXPECT_EQ(decision.at("made"), 2);
    EXPECT_EQ(decision.at("free"), true);
    EXPECT_EQ(decision.at("hint_ms"), 2000);
    EXPECT_EQ(decision.at("hint_source"), "header");
    EXPECT_EQ(decision.at("gate_closed_ms"), 20000);
    EXPECT_EQ(decision.at("clock_offset_ms"), -250);
    EXPECT_EQ(decision.at("budget"), 2.5);
    // Exact, so that the same decision can be come to again.
    EXPECT_EQ(decision.at("roll").as_double(), judgement.roll);
    EXPECT_EQ(decision.at("left_ms").as_double(), 1234.567891);
    EXPECT_EQ(decision.at("wait_ms").as_double(), 2345.678912);
}

TEST_F(AccessLogTest, NamesWhatObservingWouldHaveDone) {
    Story story;
    story.record.foregone = {{policy::Reason::timeout, 0s, policy::WaitSource::none, true}};
    const json::object decision = line_of(story.report).at("decision").as_object();
    EXPECT_EQ(
        decision.at("foregone"),
        json::parse(
            R"([{"reason": "timeout", "wait_ms": 0, "wait_source": "none", "fallback": true}])"
        )
    );
}

// The names of all members, as in the documentation: "attempts[].code".
void collect_names(
    const json::value& value, const std::string& prefix, std::set<std::string>& names
) {
    if (const json::array* array = value.if_array()) {
        for (const json::value& each : *array)
            collect_names(each, prefix + "[]", names);
    } else if (const json::object* object = value.if_object()) {
        for (const auto& [key, member] : *object) {
            const std::string name =
                prefix.empty() ? std::string(key) : prefix + "." + std::string(key);
            names.insert(name);
            collect_names(member, name, names);
        }
    }
}

TEST_F(AccessLogTest, HasTheFieldsOfTheDocumentation) {
    Story story;
    story.record.attempts[0].failure = policy::FailureKind::reset;
    story.record.attempts[1].rule = "a rule";
    story.record.attempts[1].error_code = "a code";
    story.record.denied = policy::Denied::attempts;
    story.record.ambiguous = policy::Record::Ambiguous::retried;
    story.record.foregone = {{}};
    story.record.judgement.emplace();
    story.record.judgement->hint.emplace();
    story.record.judgement->clock_offset.emplace();
    story.record.timeout_wish.emplace();
    story.record.attempts_wish.emplace();
    story.report.twin = Twin::joined;
    std::set<std::string> written;
    collect_names(line_of(story.report), "", written);

    std::set<std::string> documented;
    std::ifstream file(BACKSTOP_SOURCE_DIR "/docs/LOGS.md");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("| `")) documented.insert(line.substr(3, line.find('`', 3) - 3));
    }
    EXPECT_EQ(written, documented);
}

TEST_F(AccessLogTest, LeavesOutWhatThereIsNot) {
    const Report bare;
    const json::object line = line_of(bare);
    for (const char* field : {"error_code", "request_id", "trace_id", "decision", "twin"})
        EXPECT_FALSE(line.contains(field)) << field;
    EXPECT_EQ(line.at("route"), "other");
    EXPECT_EQ(line.at("attempts").as_array().size(), 0);
}

TEST_F(AccessLogTest, HoldsNothingThatAClientOrAnUpstreamMadeUp) {
    Story story;
    const std::string secret = "4155550123";
    const std::string method = "CALL-" + secret;
    const std::string trace = "00-" + secret + "-" + secret;
    story.report.method = method;
    story.report.traceparent = trace;
    story.record.error_code = "no such number: " + secret + "\"\n{}";
    story.record.attempts[0].error_code = story.record.error_code;
    story.record.request_id = "+" + secret;
    const std::vector<std::string> lines = lines_of(story.report);
    ASSERT_EQ(lines.size(), 1);
    EXPECT_THAT(lines[0], testing::Not(testing::HasSubstr(secret)));
    const json::object line = json::parse(lines[0]).as_object();
    EXPECT_EQ(line.at("method"), "other");
    EXPECT_FALSE(line.contains("trace_id"));
}

TEST_F(AccessLogTest, EscapesWhatTheConfigSays) {
    Story story;
    story.route.label = "GET /a\"b\\c";
    story.record.denied = policy::Denied::attempts;
    story.record.attempts[1].rule = "a \"rule\"";
    const json::object line = line_of(story.report);
    EXPECT_EQ(line.at("route"), "GET /a\"b\\c");
    EXPECT_EQ(line.at("decision").at("rule"), "a \"rule\"");
}

TEST_F(AccessLogTest, WritesWhatItIsSetTo) {
    Story retried;
    Story smooth;
    smooth.record.attempts.pop_back();
    Story replayed;
    replayed.report.outcome = Outcome::replayed;
    replayed.report.record = nullptr;
    Story degraded;
    degraded.record.attempts.pop_back();
    degraded.report.outcome = Outcome::degraded;
    const auto count = [&](const Story& story, config::AccessLog which) {
        config::Log options;
        options.access = which;
        return lines_of(story.report, options).size();
    };
    for (const Story* story : {&retried, &smooth, &replayed, &degraded}) {
        EXPECT_EQ(count(*story, config::AccessLog::all), 1);
        EXPECT_EQ(count(*story, config::AccessLog::off), 0);
    }
    EXPECT_EQ(count(retried, config::AccessLog::errors), 1);
    EXPECT_EQ(count(smooth, config::AccessLog::errors), 0);
    EXPECT_EQ(count(replayed, config::AccessLog::errors), 0);
    EXPECT_EQ(count(degraded, config::AccessLog::errors), 1);
}

TEST_F(AccessLogTest, IsShortForAPersonAtATerminal) {
    Story story;
    story.record.denied = policy::Denied::attempts;
    AccessLog log(writer_, {}, true);
    log.exchange("sticky-calls", story.report);
    EXPECT_THAT(
        pipe_.lines(),
        testing::ElementsAre(
            "2026-02-08T12:00:00.042Z info  sticky-calls: POST /v1/calls/{id} 200 ok succeeded "
            "1700.5ms attempts=503,(1.5s)200 denied=attempts"
        )
    );
}

TEST_F(AccessLogTest, FollowsAReload) {
    const Story story;
    AccessLog log(writer_, {}, false);
    config::Log off;
    off.access = config::AccessLog::off;
    log.reconfigure(off);
    log.exchange("sticky-calls", story.report);
    EXPECT_THAT(pipe_.lines(), testing::ElementsAre());
}

}  // namespace
}  // namespace backstop::proxy
