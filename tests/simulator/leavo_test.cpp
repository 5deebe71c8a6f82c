// Leavo as its guide describes it, and its stream.

#include "tests/simulator/api_fixture.hpp"
#include "tests/simulator/digest.hpp"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class LeavoTest : public ApiTest {
protected:
    LeavoTest() : ApiTest("leavo", "leavo_test_valid") {}

    Response lead(const std::string& phone) {
        return send("POST", "/backend/leads", R"({"phone": ")" + phone + R"("})");
    }

    Response message(const std::string& text) {
        const std::string body = R"({"lead_id": "lead_default", "message": ")" + text + R"("})";
        return send("POST", "/backend/messages/send", body);
    }

    Response upload(const std::string& body) {
        return send(
            "POST",
            "/backend/messages/media",
            body,
            {{"Content-Type", "multipart/form-data; boundary=\"=_x\""}}
        );
    }
};

TEST_F(LeavoTest, KeepsLeads) {
    const Response created = lead("+15551234567");
    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(at(created, "/success"), "true");
    EXPECT_EQ(effects(created), "leads_created +15551234567");
    const std::string path =
        "/backend/leads/" + std::string(json(created).at("data").at("id").as_string());
    const Response updated = send("PUT", path, R"({"name": "Ann"})");
    EXPECT_EQ(updated.status, 200);
    EXPECT_EQ(at(send("GET", path), "/data/name"), "\"Ann\"");
    EXPECT_EQ(send("PUT", "/backend/leads/lead_x", "{}").status, 404);
}

TEST_F(LeavoTest, RefusesInTheWordsOfItsGuide) {
    lead("+15551234567");
    struct Row {
        std::string body;
        int status;
        std::string error;
    };
    const std::vector<Row> rows = {
        {R"({"phone": "+15551234567"})",
         409,
         R"({"code":"ALREADY_EXISTS","message":"A lead with this phone number already exists"})"},
        {"{}",
         400,
         R"({"code":"MISSING_FIELD","message":"Required field missing","details":{"field":"phone"}})"},
        {R"({"phone": "+15551234568", "email": "ann"})",
         400,
         R"({"code":"VALIDATION_ERROR","message":"Invalid request data",)"
         R"("details":{"field":"email","reason":"Invalid email format"}})"},
        {"[]",
         400,
         R"({"code":"VALIDATION_ERROR","message":"Invalid request data",)"
         R"("details":{"reason":"not an object"}})"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.body);
        const Response response = send("POST", "/backend/leads", row.body);
        EXPECT_EQ(response.status, row.status);
        EXPECT_EQ(response.body, R"({"success":false,"error":)" + row.error + "}");
        EXPECT_TRUE(response.effects.empty());
    }
    EXPECT_EQ(
        send("GET", "/backend/leads/lead_x").body,
        R"({"success":false,"error":{"code":"NOT_FOUND","message":"Lead not found"}})"
    );
    for (const char* bad : {"", "leavo_test_revoked", "leavo_x"}) {
        key = bad;
        EXPECT_EQ(
            lead("+15551234569").body,
            R"({"success":false,"error":{"code":"UNAUTHORIZED","message":"Invalid or missing API key"}})"
        );
    }
    key = "leavo_test_restricted";
    EXPECT_EQ(at(lead("+15551234569"), "/error/code"), "\"FORBIDDEN\"");
}

TEST_F(LeavoTest, TellsOfTheLimitAtA429OnlyAndInThreeForms) {
    api->change({{"limit", 1}});
    EXPECT_EQ(header(lead("+15551234567"), "X-RateLimit-Limit"), "(none)");
    clock.advance(18s);
    EXPECT_EQ(
        lead("+15551234568").body,
        R"({"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests",)"
        R"("details":{"retry_after":42}}})"
    );
    api->change({{"rate_limit_form", "header"}});
    EXPECT_EQ(header(lead("+15551234568"), "Retry-After"), "42");
    EXPECT_EQ(at(lead("+15551234568"), "/error/details"), "(none)");
    api->change({{"rate_limit_form", "silent"}});
    EXPECT_EQ(header(lead("+15551234568"), "Retry-After"), "(none)");
    EXPECT_EQ(at(lead("+15551234568"), "/error/details"), "(none)");
    clock.advance(42s);
    EXPECT_EQ(lead("+15551234568").status, 201);
}

TEST_F(LeavoTest, SendsMessages) {
    EXPECT_EQ(effects(message("hello")), "messages_sent hello");
    EXPECT_EQ(at(send("GET", "/backend/messages/lead_default"), "/data/0/message"), "\"hello\"");
    EXPECT_EQ(send("GET", "/backend/messages/lead_x").status, 404);
}

TEST_F(LeavoTest, TakesFilesByteForByte) {
    const std::string file("\0\r\n--=_\xff\r\n\r\n", 12);
    const std::string body =
        "--=_x\r\nContent-Disposition: form-data; name=\"lead_id\"\r\n\r\nlead_default\r\n"
        "--=_x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.bin\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n" +
        file + "\r\n--=_x--\r\n";
    const Response response = upload(body);
    EXPECT_EQ(response.status, 201) << response.body;
    EXPECT_EQ(effects(response), "media_sent a b.bin");
    EXPECT_EQ(at(response, "/data/size"), "12");
    EXPECT_EQ(at(response, "/data/sha256"), "\"" + sha256_hex(file) + "\"");
}

TEST_F(LeavoTest, RefusesUploadsThatAreNone) {
    const std::string lead_only =
        "--=_x\r\nContent-Disposition: form-data; name=\"lead_id\"\r\n\r\nlead_default\r\n--=_x--";
    EXPECT_EQ(at(upload(lead_only), "/error/details/field"), "\"file\"");
    for (const std::string& cut : {std::string(), lead_only.substr(0, 70), std::string("--=_x")}) {
        EXPECT_EQ(at(upload(cut), "/error/code"), "\"VALIDATION_ERROR\"") << cut;
    }
    EXPECT_EQ(send("POST", "/backend/messages/media", "{}").status, 400);
}

TEST_F(LeavoTest, StreamsMessagesAndHeartbeats) {
    message("before");
    const Response response = send("GET", "/backend/conversations/stream");
    ASSERT_TRUE(response.stream);
    EXPECT_EQ(header(response, "Content-Type"), "text/event-stream");
    EXPECT_EQ(
        response.stream->due(clock.now()),
        "event: connected\ndata: {\"ts\":\"2026-02-08T12:00:18.000Z\"}\n\n"
    );
    EXPECT_EQ(response.stream->due(clock.now()), "");
    clock.advance(29s);
    message("hello");
    const std::string event = response.stream->due(clock.now());
    EXPECT_TRUE(event.starts_with("id: 2\nevent: message\ndata: {")) << event;
    EXPECT_NE(event.find("\"message\":\"hello\""), std::string::npos);
    clock.advance(29s);
    EXPECT_EQ(response.stream->due(clock.now()), "") << "30 s after the last event";
    clock.advance(1s);
    EXPECT_TRUE(response.stream->due(clock.now()).starts_with("event: heartbeat\n"));
    api->forget();
    clock.advance(30s);
    EXPECT_NE(response.stream->due(clock.now()), "") << "a stream outlives what it tells of";
}

TEST_F(LeavoTest, TakesTheKeyOfAStreamInTheQuery) {
    key.clear();
    EXPECT_TRUE(send("GET", "/backend/conversations/stream?token=leavo_test_valid").stream);
    EXPECT_EQ(send("GET", "/backend/conversations/stream?token=x").status, 401);
    EXPECT_EQ(send("GET", "/backend/leads?token=leavo_test_valid").status, 401);
}

}  // namespace
}  // namespace simulator
