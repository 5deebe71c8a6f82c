// Which response heads of an upstream may be trusted, and how their bodies are framed.
#include "proxy/head_rules.hpp"
#include "proxy/message_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace backstop::proxy {
namespace {

struct Read {
    Message message{};
    Buffer body{0};
    bool good = false;   // the head
    bool whole = false;  // the message, before the connection ended
    bool whole_by_close = false;
    ParseError error = ParseError::none;
};

void read(const std::string& bytes, const char* method, std::size_t step, Read& out) {
    ResponseParser parser(out.message, {});
    if (std::string_view(method) == "HEAD") parser.no_body();
    std::size_t used = 0;
    bool judged = false;
    for (std::size_t come = 0; come < bytes.size() && !parser.done();) {
        come += std::min(step, bytes.size() - come);
        if (!parser.head_done()) {
            used += parser.put_head(std::string_view(bytes).substr(used, come - used));
        }
        if (parser.head_done() && !judged) {
            judged = true;
            out.good = judge_response(out.message, method);
            parser.begin_body();
        }
        for (std::size_t took = 1; parser.head_done() && took > 0; used += took)
            took = parser.put_body(std::string_view(bytes).substr(used, come - used), out.body);
        if (parser.error() != ParseError::none) break;
    }
    out.error = parser.error();
    out.whole = parser.done();
    out.whole_by_close = parser.ended_by_close();
}

std::string ok(const std::string& fields) {
    return "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
}

TEST(ResponseHead, IsTrustedOnlyIfItHasOneMeaning) {
    const struct {
        const char* name;
        std::string bytes;
        bool good;
    } rows[] = {
        {"plain", ok("Content-Length: 0\r\n"), true},
        {"no length", ok(""), true},
        {"no reason phrase", "HTTP/1.1 200 \r\n\r\n", true},
        {"no space before it", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", true},
        {"a later HTTP/1.x", "HTTP/1.7 200 OK\r\nContent-Length: 0\r\n\r\n", true},
        {"both", "HTTP/1.2 404\r\n\r\n", true},
        {"103 with a body", "HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n", false},
        {"length twice, alike", ok("Content-Length: 2\r\nContent-Length: 2\r\n"), true},
        {"length twice, unlike", ok("Content-Length: 2\r\nContent-Length: 3\r\n"), false},
        {"length as a list", ok("Content-Length: 2, 2\r\n"), false},
        {"negative length", ok("Content-Length: -2\r\n"), false},
        {"length and chunked", ok("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), false},
        {"chunked twice",
         ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
         false},
        {"another coding", ok("Transfer-Encoding: gzip\r\n"), false},
        {"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false},
        {"status above 599", "HTTP/1.1 600 Odd\r\n\r\n", false},
        {"status below 100", "HTTP/1.1 099 Odd\r\n\r\n", false},
        {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", false},
        {"no status", "HTTP/1.1 OK\r\n\r\n", false},
        {"an empty line before it", "\r\nHTTP/1.1 200 OK\r\n\r\n", false},
        {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", false},
        {"obs-fold", ok("A: b\r\n c\r\n"), false},
        {"obs-fold on an empty line", ok("A:\r\n b\r\n"), false},
        {"NUL in a value", ok(std::string("A: b\0c\r\n", 8)), false},
        {"204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", true},
        {"204 with length 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", true},
        {"204 chunked", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", true},
        {"304 with the length of what it stands for",
         "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n",
         true},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        for (const std::size_t step : {std::string::npos, std::size_t{1}, std::size_t{5}}) {
            Read response;
            read(row.bytes, "GET", step, response);
            EXPECT_EQ(response.good, row.good) << "in steps of " << step;
        }
    }
}

TEST(ResponseHead, SaysWhereTheBodyEnds) {
    const struct {
        const char* name;
        const char* method;
        std::string bytes;
        std::string body;
        bool whole;
        bool whole_by_close;
        bool keep_alive;
    } rows[] = {
        {"by length", "GET", ok("Content-Length: 3\r\n") + "abcd", "abc", true, true, true},
        {"cut", "GET", ok("Content-Length: 3\r\n") + "ab", "ab", false, false, true},
        {"by the connection", "GET", ok("") + "abc", "abc", false, true, false},
        {"by chunks",
         "GET",
         ok("Transfer-Encoding: chunked\r\n") + "2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
         "abc",
         true,
         true,
         true},
        {"by chunks, with trailers",
         "GET",
         ok("Transfer-Encoding: chunked\r\n") + "1\r\na\r\n0\r\nX: y\r\n\r\n",
         "a",
         true,
         true,
         true},
        {"chunks cut",
         "GET",
         ok("Transfer-Encoding: chunked\r\n") + "2\r\nab\r\n",
         "ab",
         false,
         false,
         true},
        {"HEAD", "HEAD", ok("Content-Length: 3\r\n"), "", true, true, true},
        {"HEAD without length", "HEAD", ok(""), "", true, true, true},
        {"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", "", true, true, true},
        {"204 that announces a body",
         "GET",
         "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nab",
         "",
         true,
         true,
         false},
        {"304",
         "GET",
         "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
         "",
         true,
         true,
         true},
        {"HTTP/1.0",
         "GET",
         "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
         "a",
         true,
         true,
         false},
        {"close",
         "GET",
         ok("Connection: close\r\nContent-Length: 1\r\n") + "a",
         "a",
         true,
         true,
         false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        for (const std::size_t step : {std::string::npos, std::size_t{1}}) {
            Read response;
            read(row.bytes, row.method, step, response);
            EXPECT_TRUE(response.good);
            EXPECT_EQ(response.body.view(), row.body) << "in steps of " << step;
            EXPECT_EQ(response.whole, row.whole);
            EXPECT_EQ(response.whole_by_close, row.whole_by_close);
            EXPECT_EQ(response.message.keep_alive, row.keep_alive);
        }
    }
}

TEST(ResponseBody, IsNotWholeWithoutItsLastChunk) {
    Read response;
    read(ok("Transfer-Encoding: chunked\r\n") + "2", "GET", std::string::npos, response);
    EXPECT_TRUE(response.good);
    EXPECT_FALSE(response.whole);
    EXPECT_FALSE(response.whole_by_close);
}

TEST(Response, AgreesToAWebSocketInBothFields) {
    const struct {
        const char* head;
        bool agreed;
    } rows[] = {
        {"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n", true},
        {"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\r\n", false},
        {"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\n\r\n", false},
        {"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.head);
        Read response;
        read(row.head, "GET", std::string::npos, response);
        EXPECT_EQ(response.message.websocket, row.agreed);
    }
}

}  // namespace
}  // namespace backstop::proxy
