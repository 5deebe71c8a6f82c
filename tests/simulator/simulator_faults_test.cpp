// Each fault as the client sees it, over real sockets.

#include "tests/simulator/raw_client.hpp"
#include "tests/simulator/simulator.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace simulator {
namespace {

using std::chrono::milliseconds;

const std::string keyed = "X-Idempotency-Key: k-1\r\n";

TEST(SimulatorFaults, ResetsAtEachStage) {
    struct Row {
        std::string stage;
        std::size_t journaled;
        std::size_t body_bytes;  // read of the request
        std::uint64_t effects;
        bool answered;  // in part
    };
    const std::size_t body = body_of(start_request("call_1")).size();
    const Row rows[] = {
        {"at_accept", 0, 0, 0, false},
        {"before_reading", 1, 0, 0, false},
        {"after_reading", 1, body, 0, false},
        {"before_processing", 1, body, 0, false},
        {"after_processing", 1, body, 1, false},
        {"mid_body", 1, body, 1, true},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.stage);
        Simulator api({.faults = {"reset count=1 stage=" + row.stage}});
        RawClient client(api.port());
        client.send(start_request("call_1"));
        const std::string bytes = client.read_all();
        EXPECT_EQ(client.last(), Seen::reset);
        EXPECT_EQ(!bytes.empty(), row.answered);
        EXPECT_EQ(api.effects().count("calls_started", "call_1"), row.effects);
        const auto journal = api.journal();
        ASSERT_EQ(journal.size(), row.journaled);
        if (journal.empty()) continue;
        EXPECT_EQ(journal[0].body_bytes, row.body_bytes);
        EXPECT_EQ(journal[0].faults.size(), 1U);
        EXPECT_EQ(journal[0].status, row.answered ? 200 : 0);
    }
}

TEST(SimulatorFaults, LoseTheAnswerButNotTheEffect) {
    for (const char* fault :
         {"reset stage=after_processing count=1",
          "hang stage=after_processing count=1",
          "status code=500 stage=after_processing count=1",
          "truncate count=1",
          "malformed kind=nothing count=1"}) {
        SCOPED_TRACE(fault);
        Simulator api({.faults = {fault}});
        RawClient first(api.port());
        first.send(start_request("call_1", keyed));
        ASSERT_TRUE(api.wait_until([](const Journal&, const Effects& effects, const Connections&) {
            return effects.count("calls_started") == 1;
        }));
        RawClient second(api.port());
        second.send(start_request("call_1", keyed));
        EXPECT_EQ(status_of(second.read_response()), 200) << "the stored answer";
        EXPECT_EQ(api.effects().count("calls_started", "call_1"), 1U);
        RawClient third(api.port());
        third.send(start_request("call_1"));
        EXPECT_EQ(status_of(third.read_response()), 409);
    }
}

TEST(SimulatorFaults, AnswerInsteadOfActing) {
    Simulator api(
        {.faults =
             {R"({"type":"status","code":503,"count":1,"body":{"a":1},"headers":{"Retry-After":"7"}})",
              "rate_limited retry_after=2 count=1",
              "truncate code=500 count=1",
              "reset stage=mid_body code=429 count=1"}}
    );
    RawClient client(api.port());
    client.send(start_request("call_1", keyed));
    const std::string unavailable = client.read_response();
    EXPECT_EQ(status_of(unavailable), 503);
    EXPECT_EQ(body_of(unavailable), "{\"a\":1}");
    EXPECT_NE(unavailable.find("Retry-After: 7\r\n"), std::string::npos);
    client.send(start_request("call_1", keyed));
    const std::string limited = client.read_response();
    EXPECT_EQ(status_of(limited), 429);
    EXPECT_NE(limited.find("\"retryAfter\":2,"), std::string::npos);
    client.send(start_request("call_1", keyed));
    EXPECT_EQ(status_of(client.read_all()), 500);
    RawClient second(api.port());
    second.send(start_request("call_1", keyed));
    EXPECT_EQ(status_of(second.read_all()), 429);
    EXPECT_EQ(second.last(), Seen::reset);
    EXPECT_EQ(api.effects().count("calls_started"), 0U);
    RawClient third(api.port());
    third.send(start_request("call_1", keyed));
    EXPECT_EQ(status_of(third.read_response()), 200) << "a failure is not stored under its key";
    EXPECT_EQ(api.journal()[1].faults, std::vector<std::string>{"rate_limited 429"});
}

TEST(SimulatorFaults, ReplaceAHeaderOfTheApis) {
    Simulator api({.faults = {R"(status code=500 headers={"x-ratelimit-remaining":"3"})"}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    const std::string response = client.read_response();
    EXPECT_NE(response.find("x-ratelimit-remaining: 3\r\n"), std::string::npos);
    EXPECT_EQ(response.find("X-RateLimit-Remaining"), std::string::npos);
}

// One round trip on another connection later, a server of one thread would have answered.
TEST(SimulatorFaults, HangAtEachStage) {
    for (const std::string stage :
         {"at_accept", "before_reading", "before_processing", "after_processing", "mid_body"}) {
        SCOPED_TRACE(stage);
        Simulator api({.control_listen = "127.0.0.1:0", .faults = {"hang count=1 stage=" + stage}});
        RawClient client(api.port());
        client.send(start_request("call_1"));
        ASSERT_TRUE(api.wait_for_open_connections(1));
        if (stage != "at_accept") {
            ASSERT_TRUE(api.wait_for_requests(1));
        }
        RawClient other(api.control_port());
        other.send("GET /_sim/health HTTP/1.1\r\n\r\n");
        EXPECT_EQ(status_of(other.read_response()), 200);
        other.close();
        EXPECT_EQ(client.look(), stage == "mid_body" ? Seen::bytes : Seen::nothing);
        const bool acted = stage == "after_processing" || stage == "mid_body";
        EXPECT_EQ(api.effects().count("calls_started"), acted ? 1U : 0U);
        client.close();
        EXPECT_TRUE(api.wait_for_open_connections(0)) << "it notices that the client left";
    }
}

TEST(SimulatorFaults, DoNotKeepTheSimulatorFromStopping) {
    auto api = std::make_unique<Simulator>(Simulator::Options{
        .faults = {"hang count=1", "latency ms=86400000 stage=before_processing"}});
    RawClient hanging(api->port());
    RawClient waiting(api->port());
    RawClient idle(api->port());
    hanging.send(start_request("call_1"));
    waiting.send(start_request("call_2"));
    ASSERT_TRUE(api->wait_for_requests(2));
    ASSERT_TRUE(api->wait_for_open_connections(3));
    api.reset();
    EXPECT_EQ(hanging.read_all(), "");
    EXPECT_EQ(waiting.read_all(), "");
    EXPECT_EQ(idle.read_all(), "");
}

TEST(SimulatorFaults, TruncateCleanly) {
    Simulator api({.faults = {"truncate bytes=10 count=1"}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    const std::string response = client.read_all();
    EXPECT_EQ(client.last(), Seen::end);
    EXPECT_EQ(body_of(response), R"({"call_id")");
    EXPECT_EQ(api.journal()[0].status, 200);
}

TEST(SimulatorFaults, DelayTheAnswer) {
    Simulator api({.faults = {"latency ms=30", "latency ms=20 stage=before_processing"}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    EXPECT_GE(api.journal()[0].answered - api.journal()[0].arrived, milliseconds(49));
}

TEST(SimulatorFaults, ActAtOnceWhereTheAnswerIsLate) {
    Simulator api({.faults = {"latency ms=86400000"}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    EXPECT_TRUE(api.wait_until([](const Journal&, const Effects& effects, const Connections&) {
        return effects.count("calls_started") == 1;
    }));
}

TEST(SimulatorFaults, SendTheBodySlowly) {
    Simulator api(
        {.faults =
             {"slow_body bytes_per_second=100 count=1", "status code=500 body=0123456789abcde"}}
    );
    RawClient client(api.port());
    client.send(start_request("call_1"));
    EXPECT_EQ(body_of(client.read_response()), "0123456789abcde");
    EXPECT_GE(api.journal()[0].answered - api.journal()[0].arrived, milliseconds(199));
}

TEST(SimulatorFaults, CloseAKeptConnection) {
    Simulator api({.faults = {"close_idle count=1"}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    const std::string response = client.read_all();
    EXPECT_EQ(status_of(response), 200);
    EXPECT_EQ(response.find("Connection"), std::string::npos) << "it said nothing";
    EXPECT_EQ(client.last(), Seen::end);
}

TEST(SimulatorFaults, LoseTheNextRequestOnAKeptConnection) {
    Simulator api({.faults = {"close_idle when=next_request count=1"}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    EXPECT_EQ(client.look(), Seen::nothing) << "still open";
    client.send(start_request("call_2"));
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(client.last(), Seen::reset);
    EXPECT_EQ(api.journal().size(), 1U);
    RawClient fresh(api.port());
    fresh.send(start_request("call_2"));
    EXPECT_EQ(status_of(fresh.read_response()), 200);
}

TEST(SimulatorFaults, SendAnAnswerThatNobodyAskedFor) {
    Simulator api({.faults = {"malformed kind=extra_response count=1"}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    EXPECT_NE(client.read_response().find("call_1"), std::string::npos);
    EXPECT_NE(client.read_response().find("nobody asked for"), std::string::npos);
    client.send(start_request("call_2"));
    EXPECT_NE(client.read_response().find("call_2"), std::string::npos) << "and goes on";
}

TEST(SimulatorFaults, LeaveTheControlListenerAlone) {
    Simulator api({.control_listen = "127.0.0.1:0", .faults = {"reset stage=at_accept"}});
    RawClient client(api.port());
    client.read_all();
    EXPECT_EQ(client.last(), Seen::reset);
    RawClient control(api.control_port());
    control.send("DELETE /_sim/faults HTTP/1.1\r\n\r\n");
    EXPECT_EQ(status_of(control.read_response()), 200);
    RawClient again(api.port());
    again.send(start_request("call_1"));
    EXPECT_EQ(status_of(again.read_response()), 200);
}

}  // namespace
}  // namespace simulator
