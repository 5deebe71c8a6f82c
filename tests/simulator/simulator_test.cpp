// The server over real sockets, in process: HTTP, the journal of it, and several clients at once.

#include "tests/simulator/simulator.hpp"

#include "tests/simulator/raw_client.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace simulator {
namespace {

TEST(Simulator, ServesManyRequestsOnOneConnection) {
    Simulator api({});
    RawClient client(api.port());
    client.send(start_request("call_1", "X-Idempotency-Key: k-1\r\nx-odd:  a b \r\n"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    client.send(end_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);

    const auto journal = api.journal();
    ASSERT_EQ(journal.size(), 2U);
    EXPECT_EQ(journal[0].method, "POST");
    EXPECT_EQ(journal[0].target, "/v1/calls/start");
    EXPECT_EQ(journal[0].idempotency_key, "k-1");
    EXPECT_EQ(journal[0].fields[3].name, "x-odd") << "as it was written";
    EXPECT_EQ(journal[0].fields[3].value, "a b");
    EXPECT_EQ(journal[0].body_bytes, journal[0].body.size());
    EXPECT_EQ(journal[0].effects, std::vector<std::string>{"calls_started call_1"});
    EXPECT_FALSE(journal[0].tls);
    EXPECT_EQ(journal[1].connection, journal[0].connection);
    EXPECT_GE(journal[1].arrived, journal[0].answered);
    EXPECT_EQ(journal[1].status, 200);
    EXPECT_EQ(api.effects().count("calls_ended", "call_1"), 1U);
}

TEST(Simulator, AnswersPipelinedRequestsInOrder) {
    Simulator api({});
    RawClient client(api.port());
    client.send(start_request("call_1") + start_request("call_2") + end_request("call_1"));
    EXPECT_NE(client.read_response().find("call_1"), std::string::npos);
    EXPECT_NE(client.read_response().find("call_2"), std::string::npos);
    EXPECT_NE(client.read_response().find("call_end"), std::string::npos);
}

TEST(Simulator, ReadsChunkedBodies) {
    Simulator api({});
    RawClient client(api.port());
    client.send(
        "POST /v1/calls/end HTTP/1.1\r\nAuthorization: Bearer sk_test_valid\r\n"
        "Transfer-Encoding: chunked\r\n\r\nf\r\n{\"call_id\":\"c\",\r\n"
        "15;ext=1\r\n\"customer_ref\":\"ref\"}\r\n0\r\nTrailer: x\r\n\r\n"
    );
    EXPECT_EQ(status_of(client.read_response()), 200);
    ASSERT_EQ(api.journal().size(), 1U);
    EXPECT_EQ(api.journal()[0].body, R"({"call_id":"c","customer_ref":"ref"})");
}

TEST(Simulator, ReadsLargeBodiesAndKeepsTheirBeginning) {
    Simulator api({});
    RawClient client(api.port());
    client.send(post("/v1/calls/start", std::string(2 * 1024 * 1024, 'x')));
    EXPECT_EQ(status_of(client.read_response()), 400);
    ASSERT_EQ(api.journal().size(), 1U);
    EXPECT_EQ(api.journal()[0].body, std::string(4096, 'x'));
    EXPECT_EQ(api.journal()[0].body_bytes, 2U * 1024 * 1024);
    EXPECT_EQ(api.journal()[0].body_sha256.substr(0, 8), "6932fd31");
}

TEST(Simulator, RefusesWhatIsTooLarge) {
    Simulator api({});
    RawClient body(api.port());
    body.send("POST /v1/calls/start HTTP/1.1\r\nContent-Length: 16777217\r\n\r\n");
    EXPECT_EQ(status_of(body.read_all()), 413);
    RawClient head(api.port());
    head.send("GET / HTTP/1.1\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n");
    EXPECT_EQ(status_of(head.read_response()), 431);
}

TEST(Simulator, AsksForABodyThatWaits) {
    Simulator api({});
    RawClient client(api.port());
    const std::string request = start_request("call_1", "Expect: 100-continue\r\n");
    const std::size_t head = request.find("\r\n\r\n") + 4;
    client.send(request.substr(0, head));
    EXPECT_EQ(client.read_response(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(request.substr(head));
    EXPECT_EQ(status_of(client.read_response()), 200);
}

TEST(Simulator, AnswersHeadWithoutABody) {
    Simulator api({});
    RawClient client(api.port());
    client.send("HEAD /v1/calls/start HTTP/1.1\r\nConnection: close\r\n\r\n");
    const std::string response = client.read_all();
    EXPECT_EQ(status_of(response), 405);
    EXPECT_EQ(body_of(response), "");
    EXPECT_EQ(client.last(), Seen::end);
}

TEST(Simulator, ClosesForOldClients) {
    Simulator api({});
    RawClient client(api.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    const std::string response = client.read_all();
    EXPECT_EQ(status_of(response), 404);
    EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
}

TEST(Simulator, AnswersGarbageInItsEnvelope) {
    Simulator api({});
    RawClient client(api.port());
    client.send("\x01\x02 garbage\r\n\r\n");
    const std::string response = client.read_all();
    EXPECT_EQ(status_of(response), 400);
    EXPECT_NE(response.find("\"error\":\"Bad Request\""), std::string::npos);
    EXPECT_NE(response.find("X-RateLimit-Limit"), std::string::npos);
    EXPECT_TRUE(api.journal().empty()) << "no request arrived";
}

TEST(Simulator, NotesARequestThatBreaksOff) {
    Simulator api({});
    RawClient client(api.port());
    client.send("POST /v1/calls/start HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345");
    client.stop_sending();
    EXPECT_EQ(client.read_all(), "");
    ASSERT_EQ(api.journal().size(), 1U);
    EXPECT_EQ(api.journal()[0].body, "12345");
    EXPECT_EQ(api.journal()[0].status, 0);
    EXPECT_EQ(api.journal()[0].note, "incomplete: partial message");
}

TEST(Simulator, IsControlledOverTheSameListener) {
    Simulator api({.faults = {"status code=500"}});
    RawClient client(api.port());
    client.send(post("/_sim/faults", R"({"type":"stauts"})"));
    EXPECT_EQ(status_of(client.read_response()), 400);
    client.send("DELETE /_sim/faults HTTP/1.1\r\n\r\n");
    EXPECT_EQ(body_of(client.read_response()), "{\"faults\":[]}\n");
    EXPECT_TRUE(api.journal().empty());
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);
}

TEST(Simulator, IsControlledInProcess) {
    Simulator api({.settings = {{"quota", 0}}});
    RawClient client(api.port());
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 402);
    api.change_settings({{"quota", 5}});
    api.add_fault("status code=503 count=1");
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 503);
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    EXPECT_EQ(api.journal(2).size(), 1U);
    EXPECT_EQ(api.settings().at("quota"), 5);
    api.clear_journal();
    EXPECT_TRUE(api.journal().empty());
    api.add_fault("hang");
    api.clear_faults();
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 409);
    api.reset();
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    EXPECT_THROW(api.add_fault("nonsense"), BadInput);
    EXPECT_THROW(api.change_settings({{"tier", 1}}), BadInput);
}

TEST(Simulator, TellsTimeWithAnOffset) {
    const auto status_and_date = [](std::chrono::milliseconds offset) {
        Simulator api({.clock_offset = offset});
        RawClient client(api.port());
        client.send("GET / HTTP/1.1\r\n\r\n");
        const std::string response = client.read_response();
        return response.substr(response.find("Date: "), 22);
    };
    EXPECT_NE(status_and_date({}), status_and_date(std::chrono::hours(24 * 400)));
}

TEST(Simulator, WaitsForWhatATestExpects) {
    Simulator api({});
    std::thread later([&api] {
        RawClient client(api.port());
        client.send(start_request("call_1"));
        client.read_response();
    });
    EXPECT_TRUE(api.wait_for_requests(1));
    EXPECT_TRUE(
        api.wait_until([](const Journal&, const Effects& effects, const Connections& connections) {
            return effects.count("calls_started") == 1 && connections.accepted == 1;
        })
    );
    EXPECT_TRUE(api.wait_for_open_connections(0));
    EXPECT_FALSE(api.wait_for_requests(2, std::chrono::milliseconds(1)));
    later.join();
}

TEST(Simulator, ServesManyClientsAtOnce) {
    constexpr int clients = 8;
    constexpr int calls = 100;
    Simulator api(
        {.settings = {{"limits", false}},
         .faults = {"status code=500 probability=0.2", "reset probability=0.1"}}
    );
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
        threads.emplace_back([&api, client] {
            for (int call = 0; call < calls; ++call) {
                const std::string id = std::to_string(client) + "_" + std::to_string(call);
                const std::string request = start_request(id, "X-Idempotency-Key: " + id + "\r\n");
                std::string response;
                while (status_of(response) != 200) {
                    RawClient connection(api.port());
                    connection.send(request);
                    response = connection.read_response();
                }
                EXPECT_NE(response.find(id), std::string::npos) << "another one's answer";
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(api.effects().count("calls_started"), 1ULL * clients * calls);
    EXPECT_TRUE(api.effects().more_than_once().empty());
    EXPECT_GT(api.journal().size(), 1ULL * clients * calls);
}

TEST(Simulator, SaysWhatIsWrongWithItsOptions) {
    const auto complaint = [](Simulator::Options options) -> std::string {
        try {
            Simulator api(std::move(options));
        } catch (const std::exception& error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_EQ(
        complaint({.api = "leavoo"}),
        "api: no API is named 'leavoo'; there is: sticky-calls, levrage, leavo, truedy"
    );
    for (const char* address :
         {"localhost", "example.com:80", "127.0.0.1:", "127.0.0.1:8x", ":1"}) {
        EXPECT_EQ(
            complaint({.listen = address}),
            std::string("listen: expected ADDRESS:PORT such as 127.0.0.1:9000, got '") + address +
                "'"
        );
    }
    EXPECT_EQ(complaint({.listen = "localhost:0"}), "accepted");
    EXPECT_EQ(complaint({.listen = "", .control_listen = "127.0.0.1:0"}), "accepted");
    EXPECT_NE(complaint({.faults = {"hagn"}}).find("type: expected"), std::string::npos);
    EXPECT_NE(complaint({.settings = {{"teir", 1}}}).find("teir: unknown"), std::string::npos);
    EXPECT_NE(complaint({.tls_listen = "127.0.0.1:0"}), "accepted") << "no certificate";
    const Simulator api({});
    const std::string taken = "127.0.0.1:" + std::to_string(api.port());
    EXPECT_NE(complaint({.listen = taken}).find("in use"), std::string::npos);
    EXPECT_EQ(api.tls_port(), 0);
    EXPECT_EQ(api.control_port(), 0);
}

}  // namespace
}  // namespace simulator
