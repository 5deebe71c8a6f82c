// What a request head means, and which are refused: RFC 9110 and 9112 where Beast's parser lets
// pass. However the bytes arrive, the verdict is the same.
#include "proxy/head_rules.hpp"
#include "proxy/message_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace backstop::proxy {
namespace {

struct Read {
    Message message{};
    ParseError error = ParseError::none;
    bool done = false;
    std::size_t left = 0;  // bytes behind the head
    Refusal refusal{};
};

// Gives the parser `step` bytes more each time, as a connection would.
Read read(const std::string& bytes, std::size_t step = std::string::npos, HeadLimits limits = {}) {
    Read out;
    RequestParser parser(out.message, limits);
    std::size_t used = 0;
    for (std::size_t come = 0; come < bytes.size() && !parser.head_done();) {
        come += std::min(step, bytes.size() - come);
        used += parser.put_head(std::string_view(bytes).substr(used, come - used));
        if (parser.error() != ParseError::none) break;
    }
    out.error = parser.error();
    out.done = parser.head_done();
    out.left = bytes.size() - used;
    if (out.done) out.refusal = judge_request(out.message);
    return out;
}

std::string get(const std::string& fields) {
    return "GET /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

// What a client is told: the status of the refusal, 0 for none, -1 where more bytes are awaited.
int status_of(const Read& read) {
    switch (read.error) {
        case ParseError::none:
            return read.done ? read.refusal.status : -1;
        case ParseError::bad_version:
            return 505;
        case ParseError::line_too_long:
            return 414;
        case ParseError::head_too_large:
            return 431;
        default:
            return 400;
    }
}

TEST(RequestHead, IsJudgedAlikeHoweverItArrives) {
    const struct {
        const char* name;
        std::string bytes;
        int status;
    } rows[] = {
        {"plain", get(""), 0},
        {"no reason to refuse a method we do not know", "PURGE /a HTTP/1.1\r\nHost: x\r\n\r\n", 0},
        {"HTTP/1.0 without Host", "GET /a HTTP/1.0\r\n\r\n", 0},
        {"HTTP/1.1 without Host", "GET /a HTTP/1.1\r\n\r\n", 400},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 505},
        {"version of one digit", "GET /a HTTP/1\r\nHost: x\r\n\r\n", 400},
        {"CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 501},
        {"TRACE", "TRACE /a HTTP/1.1\r\nHost: x\r\n\r\n", 405},
        // Host, RFC 9112 3.2
        {"two Hosts", get("Host: x\r\n"), 400},
        {"Host with a port", "GET /a HTTP/1.1\r\nHost: x:8080\r\n\r\n", 0},
        {"Host with a port of letters", "GET /a HTTP/1.1\r\nHost: x:80a\r\n\r\n", 400},
        {"Host with a port of six digits", "GET /a HTTP/1.1\r\nHost: x:808080\r\n\r\n", 400},
        {"Host with user", "GET /a HTTP/1.1\r\nHost: u@x\r\n\r\n", 400},
        {"Host with a path", "GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
        {"empty Host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"IPv6 Host", "GET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
        {"IPv6 Host without end", "GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
        {"IPv6 Host and rubbish", "GET /a HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400},
        {"IPv6 Host with a zone", "GET /a HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", 400},
        {"brackets with nothing in them", "GET /a HTTP/1.1\r\nHost: []\r\n\r\n", 400},
        // Targets, RFC 9112 3.2
        {"absolute target", "GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n", 0},
        {"absolute target with user", "GET http://u@x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"another scheme", "GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 0},
        {"GET *", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"relative path", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"8-bit target", "GET /caf\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"brace in the target", "GET /{id} HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        // Framing, RFC 9112 6
        {"length", get("Content-Length: 3\r\n"), 0},
        {"length with a sign", get("Content-Length: +3\r\n"), 400},
        {"length in hex", get("Content-Length: 0x3\r\n"), 400},
        {"length as a list", get("Content-Length: 3, 3\r\n"), 400},
        {"two lengths that agree", get("Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
        {"length beyond 63 bits", get("Content-Length: 9999999999999999999\r\n"), 400},
        {"chunked", get("Transfer-Encoding: chunked\r\n"), 0},
        {"Chunked", get("Transfer-Encoding: Chunked\r\n"), 0},
        {"chunked twice", get("Transfer-Encoding: chunked, chunked\r\n"), 400},
        {"two codings", get("Transfer-Encoding: gzip, chunked\r\n"), 400},
        {"two fields of codings",
         get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
         400},
        {"another coding", get("Transfer-Encoding: gzip\r\n"), 501},
        {"empty coding", get("Transfer-Encoding:\r\n"), 400},
        {"length and coding", get("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"chunked in HTTP/1.0",
         "GET /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
         400},
        // Syntax of fields, RFC 9112 5
        {"obs-fold", get("A: b\r\n c\r\n"), 400},
        {"obs-fold with a tab", get("A: b\r\n\tc\r\n"), 400},
        {"obs-fold on an empty line", get("A:\r\n b\r\n"), 400},
        {"obs-fold of nothing", get("A: b\r\n \r\n"), 400},
        {"obs-fold of nothing on nothing", get("A:\r\n \r\n"), 400},
        {"obs-fold in the last field of many", get("A: b\r\nC: d\r\nE: f\r\n  g\r\n"), 400},
        {"spaces around a value", get("A: \t b \t\r\n"), 0},
        {"empty value", get("A:\r\n"), 0},
        {"space before the colon", get("A : b\r\n"), 400},
        {"space before the name", "GET /a HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        {"no colon", get("A\r\n"), 400},
        {"NUL in a value", get(std::string("A: b\0c\r\n", 8)), 400},
        {"bare CR in a value", get("A: b\rc\r\n"), 400},
        {"bare LF", "GET /a HTTP/1.1\nHost: x\n\n", 400},
        {"8-bit value", get("A: caf\xc3\xa9\r\n"), 0},
        // Expect, RFC 9110 10.1.1
        {"100-continue", get("Expect: 100-Continue\r\n"), 0},
        {"another expectation", get("Expect: coffee\r\n"), 417},
        {"unfinished", "GET /a HTTP/1.1\r\nHost: x\r\n", -1},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        for (const std::size_t step : {std::string::npos, std::size_t{1}, std::size_t{7}})
            EXPECT_EQ(status_of(read(row.bytes, step)), row.status) << "in steps of " << step;
    }
}

TEST(RequestHead, SaysHowTheBodyIsFramed) {
    EXPECT_EQ(read(get("Content-Length: 17\r\n")).message.content_length, 17);
    EXPECT_FALSE(read(get("")).message.content_length);
    EXPECT_TRUE(read(get("Transfer-Encoding: chunked\r\n")).message.chunked);
}

TEST(RequestHead, LeavesWhatComesAfterItAlone) {
    const Read head = read(get("Content-Length: 3\r\n") + "abcGET");
    EXPECT_TRUE(head.done);
    EXPECT_EQ(head.left, 6);
}

TEST(RequestHead, SaysWhetherTheConnectionGoesOn) {
    const struct {
        const char* name;
        std::string bytes;
        bool keep_alive;
    } rows[] = {
        {"HTTP/1.1", get(""), true},
        {"close", get("Connection: close\r\n"), false},
        {"close among others", get("Connection: x, CLOSE ,y\r\n"), false},
        {"close in the second field", get("Connection: x\r\nConnection: close\r\n"), false},
        {"HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n", false},
        {"HTTP/1.0 that asks", "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"close beats keep-alive",
         "GET /a HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n",
         false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(read(row.bytes).message.keep_alive, row.keep_alive);
    }
}

TEST(RequestHead, IsBounded) {
    HeadLimits limits;
    limits.bytes = 200;
    limits.fields = 3;
    const std::string long_target = "GET /" + std::string(200, 'a') + " HTTP/1.1\r\n";
    const struct {
        const char* name;
        std::string bytes;
        int status;
    } rows[] = {
        {"as many fields as may be", get("A: b\r\nC: d\r\n"), 0},
        {"one too many", get("A: b\r\nC: d\r\nE: f\r\n"), 431},
        {"long target", long_target + "Host: x\r\n\r\n", 414},
        {"long target without end", "GET /" + std::string(300, 'a'), 414},
        {"long field", get("A: " + std::string(200, 'a') + "\r\n"), 431},
        {"long field without end", "GET /a HTTP/1.1\r\nA: " + std::string(300, 'a'), 431},
        {"long name without end", "GET /a HTTP/1.1\r\n" + std::string(300, 'a'), 431},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        for (const std::size_t step : {std::string::npos, std::size_t{1}})
            EXPECT_EQ(status_of(read(row.bytes, step, limits)), row.status);
    }
}

TEST(OriginForm, IsWhatGoesUpstream) {
    const struct {
        const char* line;
        const char* expected;
    } rows[] = {
        {"GET /a?b", "/a?b"},
        {"OPTIONS *", "*"},
        {"GET http://x", "/"},
        {"GET http://x/", "/"},
        {"GET HTTPS://x:1/a?b", "/a?b"},
        {"GET http://x?b", "?b"},
        {"OPTIONS http://x", "*"},
        {"OPTIONS http://x/", "/"},
        {"OPTIONS http://x?b", "?b"},
    };
    for (const auto& row : rows) {
        const Read request = read(std::string(row.line) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(origin_form(request.message), row.expected) << row.line;
    }
}

TEST(RequestHead, SaysHowManyGatewaysAnOptionsMayPass) {
    const struct {
        std::string bytes;
        std::optional<std::uint64_t> hops;
    } rows[] = {
        {"OPTIONS / HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n", 0},
        {"OPTIONS / HTTP/1.1\r\nHost: x\r\nMax-Forwards: 17\r\n\r\n", 17},
        {"OPTIONS / HTTP/1.1\r\nHost: x\r\nMax-Forwards: many\r\n\r\n", std::nullopt},
        {"OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n", std::nullopt},
        {get("Max-Forwards: 0\r\n"), std::nullopt},
    };
    for (const auto& row : rows)
        EXPECT_EQ(hops_left(read(row.bytes).message), row.hops) << row.bytes;
}

TEST(RequestHead, AsksForAWebSocketInOneWayOnly) {
    const std::string both = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
    const struct {
        std::string bytes;
        bool asks;
    } rows[] = {
        {get(both), true},
        {get("Connection: upgrade\r\nUpgrade: WebSocket\r\nContent-Length: 0\r\n"), true},
        {get("Upgrade: websocket\r\n"), false},
        {get("Connection: Upgrade\r\nUpgrade: h2c\r\n"), false},
        {get("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"), false},
        {get(both + "Upgrade: h2c\r\n"), false},
        {get(both + "Content-Length: 1\r\n"), false},
        {"POST /a HTTP/1.1\r\nHost: x\r\n" + both + "\r\n", false},
        {"GET /a HTTP/1.0\r\nHost: x\r\n" + both + "\r\n", false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(read(row.bytes).message.websocket, row.asks) << row.bytes;
}

TEST(HasToken, ComparesWholeTokensWithoutCase) {
    EXPECT_TRUE(has_token("a, Close ,b", "close"));
    EXPECT_FALSE(has_token("closed, b", "close"));
    EXPECT_FALSE(has_token("", "close"));
    EXPECT_TRUE(has_token(",,close", "close"));
}

}  // namespace
}  // namespace backstop::proxy
