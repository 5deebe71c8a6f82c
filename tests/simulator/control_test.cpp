// The control API, as a function.

#include "tests/simulator/control.hpp"

#include "tests/simulator/fake_clock.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace simulator {
namespace {

namespace json = boost::json;

class Control : public testing::Test {
protected:
    json::object call(
        const std::string& method, const std::string& target, const std::string& body = {}
    ) {
        const Request request{
            .method = method, .target = "/_sim/" + target, .fields = {}, .body = body};
        EXPECT_TRUE(is_control(request));
        const Response response = control(world, request);
        status = response.status;
        return json::parse(response.body).as_object();
    }

    void start(const std::string& call_id) {
        const Request request{
            .method = "POST",
            .target = "/v1/calls/start",
            .fields = {{"Authorization", "Bearer sk_test_valid"}, {"X-Idempotency-Key", "k-1"}},
            .body = R"({"call_id":")" + call_id + R"(","identity_hints":{"ani":"+1"}})"};
        Disturbance disturbance;
        disturbance.applied = {"latency"};
        const std::uint64_t sequence = world.arrived(request, 3, true, disturbance);
        world.answered(sequence, world.process(sequence, request).status);
    }

    FakeClock clock;
    World world{make_api("sticky-calls", 1), 1, [this] { return clock.now(); }};
    int status = 0;
};

TEST_F(Control, ShowsTheJournal) {
    start("call_1");
    const json::object shown = call("GET", "journal");
    EXPECT_EQ(shown.at("entries").at(0), json::parse(R"({
            "sequence":1,"arrived_ms":1000,"wall":"2026-02-08T12:00:18.000Z","connection":3,
            "tls":true,"method":"POST","target":"/v1/calls/start",
            "headers":[["Authorization","Bearer sk_test_valid"],["X-Idempotency-Key","k-1"]],
            "idempotency_key":"k-1",
            "body":"{\"call_id\":\"call_1\",\"identity_hints\":{\"ani\":\"+1\"}}","body_bytes":50,
            "body_sha256":"81c6764e8ccb8258de4eb7fc3dfce97955f2b467153d914eafd5ca1355ab01ef",
            "status":200,"answered_ms":1000,"faults":["latency"],
            "effects":["calls_started call_1"]})"));
    EXPECT_EQ(shown.at("last"), 1);
    EXPECT_EQ(shown.at("dropped"), 0);
}

// call() parses strictly.
TEST_F(Control, ShowsWhateverArrivedAsValidJson) {
    const std::string bytes("\xff\0\xc3 \"", 5);
    const Request request{
        .method = "POST", .target = "/\xfe", .fields = {{"X-Odd", "\xe9"}}, .body = bytes};
    world.process(world.arrived(request, 1, false, Disturbance()), request);
    const json::object shown = call("GET", "journal");
    const json::value& entry = shown.at("entries").at(0);
    EXPECT_EQ(entry.at("body_base64"), "/wDDICI=");
    EXPECT_EQ(entry.at("body"), json::string("\xEF\xBF\xBD\0\xEF\xBF\xBD \"", 9));
    EXPECT_EQ(entry.at("target"), "/\xEF\xBF\xBD");
    EXPECT_EQ(entry.at("headers").at(0).at(1), "\xEF\xBF\xBD");
    start("call_1");
    EXPECT_FALSE(call("GET", "journal").at("entries").at(1).as_object().contains("body_base64"));
}

TEST_F(Control, ShowsPartOfTheJournal) {
    for (const char* call_id : {"a", "b", "c"})
        start(call_id);
    const auto sequences = [this](const std::string& target) {
        std::string list;
        const json::object shown = call("GET", target);
        for (const json::value& entry : shown.at("entries").as_array()) {
            list += json::serialize(entry.at("sequence")) + " ";
        }
        return list;
    };
    EXPECT_EQ(sequences("journal?since=1"), "2 3 ");
    EXPECT_EQ(sequences("journal?since=1&limit=1"), "2 ");
    EXPECT_EQ(sequences("journal?since=9"), "");
    EXPECT_EQ(
        call("GET", "journal?since=x").at("error"), "since: expected a whole number, got 'x'"
    );
    EXPECT_EQ(status, 400);
    call("DELETE", "journal");
    EXPECT_EQ(sequences("journal"), "");
}

TEST_F(Control, ShowsEffects) {
    world.change({{"conflicts", false}, {"honour_keys", false}});
    EXPECT_EQ(
        call("GET", "effects"),
        json::parse(R"({"counts":{"calls_started":0,"calls_ended":0},"more_than_once":[]})")
    );
    for (const char* call_id : {"a", "b c", "a"})
        start(call_id);
    const auto shown = call("GET", "effects?subjects=1");
    EXPECT_EQ(shown.at("counts"), json::parse(R"({"calls_started":3,"calls_ended":0})"));
    EXPECT_EQ(
        shown.at("more_than_once"),
        json::parse(R"([{"effect":"calls_started","subject":"a","count":2}])")
    );
    EXPECT_EQ(
        shown.at("subjects"), json::parse(R"({"a":{"calls_started":2},"b c":{"calls_started":1}})")
    );
    EXPECT_EQ(
        call("GET", "effects?subject=b%20c").at("subjects"),
        json::parse(R"({"b c":{"calls_started":1}})")
    );
}

TEST_F(Control, TakesFaultsAndShowsThem) {
    call("POST", "faults", R"({"type":"status","code":500,"count":2})");
    EXPECT_EQ(status, 200);
    call("POST", "faults", R"([{"type":"reset","name":"r"},{"type":"hang"}])");
    world.draw(Request{.method = "GET", .target = "/"});
    const auto shown = call("GET", "faults");
    EXPECT_EQ(
        shown.at("faults").at(0),
        json::parse(
            R"({"name":"status","type":"status","count":2,"stage":"before_processing","code":500,
                "matched":1,"applied":1})"
        )
    );
    EXPECT_EQ(shown.at("faults").as_array().size(), 3U);
    EXPECT_EQ(call("DELETE", "faults?name=r").at("faults").as_array().size(), 2U);
    EXPECT_EQ(call("DELETE", "faults?name=r").at("field"), "name");
    EXPECT_EQ(status, 404);
    EXPECT_EQ(call("DELETE", "faults").at("faults").as_array().size(), 0U);
}

TEST_F(Control, TakesAllFaultsOrNone) {
    const auto answer =
        call("POST", "faults", R"([{"type":"hang"},{"type":"status","code":"500"}])");
    EXPECT_EQ(status, 400);
    EXPECT_EQ(answer.at("field"), "faults[1].code");
    EXPECT_EQ(
        answer.at("error"), R"(faults[1].code: expected a whole number from 200 to 599, got "500")"
    );
    EXPECT_TRUE(call("GET", "faults").at("faults").as_array().empty());

    EXPECT_EQ(call("POST", "faults", "{").at("error"), "the body is not JSON: incomplete JSON");
    EXPECT_EQ(call("POST", "faults", "7").at("error"), "fault: expected an object, got 7");
    std::string many = "[";
    for (int i = 0; i < 1001; ++i)
        many += R"({"type":"chunked"},)";
    many.back() = ']';
    EXPECT_EQ(call("POST", "faults", many).at("field"), "faults");
    EXPECT_TRUE(call("GET", "faults").at("faults").as_array().empty());
}

TEST_F(Control, ChangesSettings) {
    EXPECT_EQ(call("POST", "settings", R"({"tier":"scale"})").at("limit"), 10'000);
    EXPECT_EQ(call("GET", "settings").at("tier"), "scale");
    EXPECT_EQ(call("POST", "settings", R"({"tier":7})").at("field"), "tier");
    EXPECT_EQ(status, 400);
}

TEST_F(Control, ResetsWhatHappenedAndTheFaults) {
    start("call_1");
    world.add_faults({parse_fault("hang")});
    world.change({{"quota", 7}});
    call("POST", "reset");
    EXPECT_TRUE(call("GET", "journal").at("entries").as_array().empty());
    EXPECT_TRUE(call("GET", "faults").at("faults").as_array().empty());
    EXPECT_EQ(call("GET", "effects").at("counts").at("calls_started"), 0);
    EXPECT_EQ(call("GET", "settings").at("quota"), 7) << "settings stay";
    start("call_1");
    EXPECT_EQ(call("GET", "journal").at("entries").at(0).at("status"), 200) << "not 409";
}

TEST_F(Control, TellsOfItsHealth) {
    world.connection_opened();
    world.connection_opened();
    world.connection_closed();
    EXPECT_EQ(
        call("GET", "health"),
        json::parse(
            R"({"status":"ok","uptime_ms":1000,"requests":0,"connections_open":1,
                "connections_accepted":2})"
        )
    );
}

TEST_F(Control, SaysWhatThereIs) {
    const auto answer = call("GET", "nonsense");
    EXPECT_EQ(status, 404);
    EXPECT_NE(answer.at("error").as_string().find("POST /_sim/faults"), json::string::npos);
    call("PUT", "faults");
    EXPECT_EQ(status, 405);
    EXPECT_FALSE(is_control(Request{.target = "/v1/calls/start?/_sim/"}));
}

}  // namespace
}  // namespace simulator
