// Where a body ends, and what is carried by chunks: the same however the bytes arrive.
#include "proxy/body_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace backstop::proxy {
namespace {

using Framing = BodyParser::Framing;

struct Read {
    Message message{};
    Buffer body{0};
    std::size_t used = 0;
    bool done = false;
    bool bad = false;
    bool ended_by_close = false;
};

void read(std::string_view bytes, Framing framing, std::size_t step, Read& out) {
    BodyParser parser;
    parser.begin(out.message, framing, {100, 3});
    for (std::size_t come = 0; come < bytes.size() && !parser.done() && !parser.bad();) {
        come += std::min(step, bytes.size() - come);
        out.used += parser.put(bytes.substr(out.used, come - out.used), out.body);
    }
    out.done = parser.done();
    out.bad = parser.bad();
    out.ended_by_close = parser.end_by_close();
}

constexpr std::size_t steps[] = {std::string::npos, 1, 3};

TEST(BodyParser, TakesChunksApart) {
    const struct {
        const char* bytes;
        const char* body;
    } rows[] = {
        {"0\r\n\r\n", ""},
        {"3\r\nabc\r\n0\r\n\r\n", "abc"},
        {"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"00000003\r\nabc\r\n000\r\n\r\n", "abc"},
        {"3;a=b;c=\"d;e\"\r\nabc\r\n0;x\r\n\r\n", "abc"},
        {"3 \r\nabc\r\n0\t \r\n\r\n", "abc"},  // padded: RFC 9112 7.1.1 has BWS before extensions
        {"3 ; a\r\nabc\r\n0\r\n\r\n", "abc"},
        {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
        {"1\r\na\r\n0\r\nX: y\r\nZ: 1\r\n\r\n", "a"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.bytes);
        for (const std::size_t step : steps) {
            Read chunks;
            read(std::string(row.bytes) + "GET", Framing::chunked, step, chunks);
            EXPECT_TRUE(chunks.done) << "in steps of " << step;
            EXPECT_EQ(chunks.body.view(), row.body);
            EXPECT_EQ(chunks.used, std::string_view(row.bytes).size()) << "what follows is left";
        }
    }
}

TEST(BodyParser, SeesABadChunkAtOnce) {
    const struct {
        const char* bytes;
        std::size_t at;  // bytes after which nothing can make it good
    } rows[] = {
        {"x", 1},
        {"-1", 1},
        {"+1", 1},
        {" 1", 1},
        {"\r\n", 1},
        {";a", 1},
        {"0x2", 2},
        {"1x", 2},
        {"2 x", 3},
        {"2\n", 2},
        {"2\rx", 3},
        {"2;a\n", 4},
        {"2;\x01", 3},
        {"2;a\rb", 5},
        {"2\r\nabc", 6},
        {"2\r\nab\n", 6},
        {"2\r\nab\rx", 7},
        {"0000000000000001", 16},
        {"0\r\nX: y\n", 8},
        {"0\r\nX y\r\n", 8},
        {"0\r\nX : y\r\n", 10},
        {"0\r\n: y\r\n", 8},
        {"0\r\n X: y\r\n", 10},
        {"0\r\nX: \x7f", 7},
        {"0\r\n\rX", 5},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.bytes);
        for (const std::size_t step : steps) {
            Read chunks;
            read(std::string(row.bytes) + "0\r\n\r\n", Framing::chunked, step, chunks);
            EXPECT_TRUE(chunks.bad) << "in steps of " << step;
            EXPECT_EQ(chunks.used, row.at);
        }
        Read before;
        read(std::string_view(row.bytes).substr(0, row.at - 1), Framing::chunked, 1, before);
        EXPECT_FALSE(before.bad);
    }
}

TEST(BodyParser, IsNotDoneBeforeTheLastLine) {
    for (const std::string_view cut : {"", "1", "1\r\na", "1\r\na\r\n0", "0\r\n", "0\r\n\r"}) {
        Read chunks;
        read(cut, Framing::chunked, 1, chunks);
        EXPECT_FALSE(chunks.done) << cut;
        EXPECT_FALSE(chunks.ended_by_close) << cut;
    }
}

TEST(BodyParser, IgnoresExtensionsButNotWithoutEnd) {
    const std::string much(16 * 1024, 'x');
    Read within;
    read("1;" + much.substr(2) + "\r\na\r\n0\r\n\r\n", Framing::chunked, 1000, within);
    EXPECT_TRUE(within.done);
    Read beyond;
    read("1;" + much + "x", Framing::chunked, 1000, beyond);
    EXPECT_TRUE(beyond.bad);
    // Small chunks with long extensions are the same thing (CVE-2023-39326).
    std::string small;
    for (int i = 0; i < 200; ++i)
        small += "1;" + much.substr(0, 100) + "\r\na\r\n";
    Read many;
    read(small, Framing::chunked, 1000, many);
    EXPECT_TRUE(many.bad);
    // Signed chunks, as some uploads have them, are not.
    std::string good;
    for (int i = 0; i < 200; ++i)
        good +=
            "3e8;chunk-signature=" + much.substr(0, 64) + "\r\n" + much.substr(0, 1000) + "\r\n";
    Read large;
    read(good + "0\r\n\r\n", Framing::chunked, 1000, large);
    EXPECT_TRUE(large.done);
}

TEST(BodyParser, KeepsTrailersApartAndOnlyWhatMayGoOn) {
    for (const std::size_t step : steps) {
        Read chunks;
        chunks.message.add(FieldId::connection, "Connection", "X-Hop");
        read("0\r\nX-Sum:  1 \r\nHost: y\r\nX-Hop: 1\r\n\r\n", Framing::chunked, step, chunks);
        EXPECT_TRUE(chunks.done);
        EXPECT_EQ(chunks.message.trailers, "X-Sum: 1\r\n");
        EXPECT_EQ(chunks.message.lines().size(), 1U);
    }
    for (const char* const name :
         {"Content-Length",
          "content-type",
          "Transfer-Encoding",
          "Authorization",
          "Set-Cookie",
          "TE",
          "Trailer",
          "Cache-Control",
          "If-Match",
          "Backstop-Reason",
          "Via",
          "Connection"}) {
        Read chunks;
        read("0\r\n" + std::string(name) + ": 1\r\n\r\n", Framing::chunked, 1, chunks);
        EXPECT_TRUE(chunks.done);
        EXPECT_EQ(chunks.message.trailers, "") << name;
    }
}

TEST(BodyParser, LimitsTrailersInNumberAndSize) {
    Read many;
    read("0\r\nA: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\n\r\n", Framing::chunked, 1, many);
    EXPECT_TRUE(many.bad);
    Read large;
    read("0\r\nA: " + std::string(98, 'x'), Framing::chunked, 1, large);
    EXPECT_TRUE(large.bad);
}

TEST(BodyParser, EndsByLengthByTheConnectionOrAtOnce) {
    Read none;
    read("GET", Framing::none, 1, none);
    EXPECT_TRUE(none.done);
    EXPECT_EQ(none.used, 0U);
    for (const std::size_t step : steps) {
        Read length;
        length.message.content_length = 3;
        read("abcd", Framing::length, step, length);
        EXPECT_TRUE(length.done);
        EXPECT_EQ(length.body.view(), "abc");
        EXPECT_EQ(length.used, 3U);
    }
    Read cut;
    cut.message.content_length = 3;
    read("ab", Framing::length, 1, cut);
    EXPECT_FALSE(cut.done);
    EXPECT_FALSE(cut.ended_by_close);
    Read to_close;
    read("ab", Framing::to_close, 1, to_close);
    EXPECT_FALSE(to_close.done);
    EXPECT_TRUE(to_close.ended_by_close);
    EXPECT_EQ(to_close.body.view(), "ab");
}

}  // namespace
}  // namespace backstop::proxy
