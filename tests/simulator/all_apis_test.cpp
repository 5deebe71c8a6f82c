// What holds of every API over real sockets: the same faults, each in the API's own words; what it
// did is counted and journaled; the same seed brings the same answers.

#include "tests/simulator/raw_client.hpp"
#include "tests/simulator/simulator.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <ostream>

namespace simulator {
namespace {

namespace json = boost::json;

struct Sample {
    std::string api;
    std::string key;
    std::string path;  // of something that it creates
    std::string body;
    std::string effect;
    std::string subject;
    int created;
    std::string error_code;  // where its errors have the code
};

void PrintTo(const Sample& sample, std::ostream* out) {
    *out << sample.api;
}

const Sample samples[] = {
    {"sticky-calls",
     "sk_test_valid",
     "/v1/calls/start",
     R"({"call_id":"call_1","identity_hints":{"ani":"+1"}})",
     "calls_started",
     "call_1",
     200,
     "/error"},
    {"levrage",
     "lev_test_valid",
     "/v1/calls",
     R"({"agent_id":"agent_default","phone_number":"+15551234567"})",
     "calls_placed",
     "+15551234567",
     200,
     "/error/code"},
    {"leavo",
     "leavo_test_valid",
     "/backend/leads",
     R"({"phone":"+15551234567"})",
     "leads_created",
     "+15551234567",
     201,
     "/error/code"},
    {"truedy",
     "truedy_test_valid",
     "/api/public/v1/contacts",
     R"({"name":"Ann","phone_number":"+15551234567"})",
     "contacts_created",
     "+15551234567",
     201,
     "/error/code"},
};

class AllApis : public testing::TestWithParam<Sample> {
protected:
    static std::string request() {
        const Sample& sample = GetParam();
        return "POST " + sample.path + " HTTP/1.1\r\nAuthorization: Bearer " + sample.key +
               "\r\nContent-Length: " + std::to_string(sample.body.size()) + "\r\n\r\n" +
               sample.body;
    }

    static Simulator::Options options(const std::string& fault) {
        Simulator::Options chosen{.api = GetParam().api};
        if (!fault.empty()) chosen.faults = {fault};
        return chosen;
    }
};

TEST_P(AllApis, CountsAndJournalsWhatItDid) {
    const Sample& sample = GetParam();
    Simulator api(options(""));
    RawClient client(api.port());
    client.send(request());
    EXPECT_EQ(status_of(client.read_response()), sample.created);
    EXPECT_EQ(api.effects().count(sample.effect, sample.subject), 1U);
    const auto journal = api.journal();
    ASSERT_EQ(journal.size(), 1U);
    EXPECT_EQ(journal[0].effects, std::vector{sample.effect + " " + sample.subject});
    EXPECT_EQ(journal[0].body, sample.body);
}

TEST_P(AllApis, LosesTheAnswerButNotTheEffect) {
    struct Row {
        std::string fault;
        std::uint64_t acted;
    };
    const Row rows[] = {
        {"reset stage=before_reading", 0},
        {"reset stage=after_reading", 0},
        {"reset stage=after_processing", 1},
        {"reset stage=mid_body", 1},
        {"truncate", 1},
        {"malformed", 1},
        {"status code=500", 0},
        {"status code=500 stage=after_processing", 1},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.fault);
        Simulator api(options(row.fault));
        RawClient client(api.port());
        client.send(request());
        const bool whole = row.fault.starts_with("status");
        const std::string bytes = whole ? client.read_response() : client.read_all();
        EXPECT_EQ(
            bytes.starts_with("HTTP/1.1 "),
            whole || row.fault == "truncate" || row.fault == "reset stage=mid_body"
        );
        EXPECT_EQ(api.effects().count(GetParam().effect), row.acted);
    }
}

TEST_P(AllApis, AnswersUnderFaultsThatOnlyDelayOrReshape) {
    for (const char* fault :
         {"latency ms=1",
          "slow_body bytes_per_second=5000",
          "chunked",
          "gzip every_status=true",
          "close_idle"}) {
        SCOPED_TRACE(fault);
        Simulator api(options(fault));
        RawClient client(api.port());
        client.send(request());
        EXPECT_EQ(status_of(client.read_response()), GetParam().created);
        EXPECT_EQ(api.effects().count(GetParam().effect), 1U);
    }
}

TEST_P(AllApis, HangsBeforeAndAfterItHasActed) {
    for (const bool acts : {false, true}) {
        Simulator api(options(acts ? "hang stage=after_processing" : "hang stage=before_processing")
        );
        RawClient client(api.port());
        client.send(request());
        ASSERT_TRUE(api.wait_until(
            [acts](const Journal& journal, const Effects& effects, const Connections&) {
                const bool acted = effects.count(GetParam().effect) == 1;
                return journal.size() == 1 && acted == acts;
            }
        ));
        EXPECT_EQ(client.look(), Seen::nothing);
    }
}

TEST_P(AllApis, WordsItsOwnErrors) {
    for (const int status : {400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504}) {
        SCOPED_TRACE(status);
        Simulator api(options("status code=" + std::to_string(status)));
        RawClient client(api.port());
        client.send(request());
        const std::string response = client.read_response();
        EXPECT_EQ(status_of(response), status);
        EXPECT_NE(response.find("Content-Type: application/json"), std::string::npos);
        const json::value body = json::parse(body_of(response));
        EXPECT_TRUE(body.at_pointer(GetParam().error_code).is_string());
    }
    Simulator api(options("status code=429 gzip=true"));
    RawClient client(api.port());
    client.send(request());
    const std::string response = client.read_response();
    EXPECT_NE(response.find("Content-Encoding: gzip"), std::string::npos);
    EXPECT_TRUE(body_of(response).starts_with("\x1f\x8b"));
}

TEST_P(AllApis, SaysTheSameUnderTheSameSeed) {
    std::string first;
    for (int time = 0; time < 2; ++time) {
        Simulator api(options(""));
        RawClient client(api.port());
        client.send(request());
        const std::string body = body_of(client.read_response());
        std::string ids;
        for (const char* mark : {"\"id\":\"", "\"request_id\":\"", "\"customer_ref\":\""}) {
            const std::size_t at = body.find(mark);
            if (at != std::string::npos) ids += body.substr(at, 40);
        }
        EXPECT_FALSE(ids.empty()) << body;
        if (time == 0) first = ids.substr(0, 20);
        EXPECT_EQ(ids.substr(0, 20), first);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Each,
    AllApis,
    testing::ValuesIn(samples),
    [](const testing::TestParamInfo<Sample>& sample) {
        std::string name = sample.param.api;
        std::erase(name, '-');
        return name;
    }
);

TEST(LeavoStream, FlowsInChunksAsItComes) {
    Simulator api(
        {.api = "leavo",
         .settings = {{"heartbeat_ms", 20}},
         .faults = {"reset skip=1 count=1 stage=mid_body"}}
    );
    const std::string head =
        "GET /backend/conversations/stream?token=leavo_test_valid HTTP/1.1\r\n\r\n";
    RawClient client(api.port());
    client.send(head);
    std::string seen = client.read_response();
    EXPECT_EQ(status_of(seen), 200);
    EXPECT_NE(seen.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
    for (int time = 0; time < 3; ++time)
        EXPECT_TRUE(client.read_until("event: heartbeat\n").ends_with("event: heartbeat\n"));

    RawClient broken(api.port());
    broken.send(head);
    const std::string beginning = broken.read_all();
    EXPECT_EQ(broken.last(), Seen::reset);
    EXPECT_NE(beginning.find("event: con"), std::string::npos);
    EXPECT_EQ(beginning.find("\r\n0\r\n"), std::string::npos);
}

}  // namespace
}  // namespace simulator
