// The bytes of an answer, and what each fault makes of them.

#include "tests/simulator/wire.hpp"

#include "tests/simulator/encode.hpp"
#include "tests/simulator/fake_clock.hpp"
#include "tests/simulator/malformed.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <set>

namespace simulator {
namespace {

const std::string status_line = "HTTP/1.1 500 Internal Server Error\r\n";
const std::string date = "Date: Sun, 08 Feb 2026 12:00:18 GMT\r\n";

Wire composed(const std::string& fault, Framing framing = {}, int status = 500) {
    FaultSet faults(1);
    if (!fault.empty()) faults.add(parse_fault(fault));
    const Disturbance disturbance = faults.draw(Request{.method = "POST", .target = "/"});
    Response response{.status = status, .fields = {{"A", "b"}}, .body = "0123456789"};
    return compose(response, disturbance, framing, FakeClock().now());
}

std::string decoded(const std::string& bytes, int window_bits) {
    z_stream stream{};
    inflateInit2(&stream, window_bits);
    std::string in = bytes;
    std::string out(4096, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    inflateEnd(&stream);
    return result == Z_STREAM_END ? out : "(not compressed)";
}

TEST(Wire, IsAnOrdinaryResponse) {
    const Wire wire = composed("");
    EXPECT_EQ(wire.bytes, status_line + date + "A: b\r\nContent-Length: 10\r\n\r\n0123456789");
    EXPECT_EQ(wire.head_bytes, wire.bytes.size() - 10);
    EXPECT_EQ(wire.ending, Ending::keep);
    EXPECT_EQ(wire.bytes_per_second, 0);
}

TEST(Wire, SaysThatItCloses) {
    const Wire wire = composed("", Framing{.keep_alive = false});
    EXPECT_NE(wire.bytes.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_EQ(wire.ending, Ending::close);
}

TEST(Wire, HasNoBodyForHead) {
    const Wire wire = composed("", Framing{.head_request = true});
    EXPECT_EQ(wire.bytes, status_line + date + "A: b\r\nContent-Length: 10\r\n\r\n");
}

TEST(Wire, HasNoBodyWhereTheStatusForbidsIt) {
    EXPECT_EQ(composed("", {}, 204).bytes, "HTTP/1.1 204 No Content\r\n" + date + "A: b\r\n\r\n");
}

TEST(Wire, PromisesMoreThanItSends) {
    struct Row {
        std::string fault;
        std::string body;
        Ending ending;
    };
    const Row rows[] = {
        {"truncate", "01234", Ending::close},
        {"truncate bytes=3", "012", Ending::close},
        {"truncate bytes=0", "", Ending::close},
        {"truncate bytes=99", "012345678", Ending::close},
        {"reset stage=mid_body", "01234", Ending::reset},
        {"hang stage=mid_body", "01234", Ending::hang},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.fault);
        const Wire wire = composed(row.fault);
        EXPECT_EQ(wire.bytes.substr(wire.head_bytes), row.body);
        EXPECT_NE(wire.bytes.find("Content-Length: 10\r\n"), std::string::npos);
        EXPECT_EQ(wire.ending, row.ending);
    }
}

TEST(Wire, CompressesErrors) {
    const Wire gzip = composed("gzip");
    EXPECT_NE(gzip.bytes.find("Content-Encoding: gzip\r\n"), std::string::npos);
    EXPECT_EQ(decoded(gzip.bytes.substr(gzip.head_bytes), 15 + 16), "0123456789");
    const Wire deflate = composed("gzip encoding=deflate");
    EXPECT_NE(deflate.bytes.find("Content-Encoding: deflate\r\n"), std::string::npos);
    EXPECT_EQ(decoded(deflate.bytes.substr(deflate.head_bytes), 15), "0123456789");
    EXPECT_EQ(composed("gzip", {}, 200).bytes.find("gzip"), std::string::npos);
    EXPECT_NE(composed("gzip every_status=true", {}, 200).bytes.find("gzip"), std::string::npos);
    EXPECT_NE(composed("status code=500 gzip=true").bytes.find("gzip"), std::string::npos);
}

TEST(Wire, IsSentInChunks) {
    const Wire wire = composed("chunked");
    EXPECT_EQ(
        wire.bytes,
        status_line + date +
            "A: b\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"
    );
}

TEST(Wire, CarriesThePaceAndTheLaterClose) {
    EXPECT_EQ(composed("slow_body bytes_per_second=7").bytes_per_second, 7);
    EXPECT_EQ(composed("close_idle").ending, Ending::close);
    EXPECT_EQ(composed("close_idle").bytes.find("close"), std::string::npos)
        << "it must not say so";
    EXPECT_EQ(composed("close_idle when=next_request").ending, Ending::close_on_next_request);
}

TEST(Wire, IsMalformedInManyWays) {
    std::set<std::string> seen{composed("").bytes};
    for (const std::string_view kind : malformed_kinds()) {
        SCOPED_TRACE(kind);
        const Wire wire = composed("malformed kind=" + std::string(kind));
        EXPECT_TRUE(seen.insert(wire.bytes).second) << "the same as another kind, or well-formed";
        EXPECT_EQ(wire.ending, kind == "extra_response" ? Ending::keep : Ending::close);
    }
    EXPECT_GE(seen.size(), 20U);
}

TEST(Wire, IsMalformedAsTheKindSays) {
    struct Row {
        std::string kind;
        std::string has;
    };
    const Row rows[] = {
        {"status_line", "HTTP-1.1 OK 200\r\n"},
        {"status_code", "HTTP/1.1 2x0 OK\r\n"},
        {"not_http", "\x16\x03\x01"},
        {"nothing", ""},
        {"no_colon", "\r\nNo colon here\r\n"},
        {"space_before_colon", "X-Odd : 1\r\n"},
        {"nul", std::string("a\0b", 3)},
        {"bare_lf", "\nA: b\nContent-Length: 10\n\n0123456789"},
        {"bare_cr", "a\rb"},
        {"obs_fold", "a\r\n b"},
        {"bad_length", "Content-Length: 1x\r\n\r\n"},
        {"negative_length", "Content-Length: -1\r\n\r\n"},
        {"two_lengths", "Content-Length: 10\r\nContent-Length: 1\r\n\r\n"},
        {"length_and_chunked",
         "Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"},
        {"unknown_coding", "Transfer-Encoding: braille\r\n\r\n"},
        {"bad_chunk", "Transfer-Encoding: chunked\r\n\r\nzz\r\n"},
        {"bad_chunk_end", "a\r\n0123456789??0\r\n\r\n"},
        {"extra_response", "0123456789" + status_line},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.kind);
        const std::string bytes = composed("malformed kind=" + row.kind).bytes;
        EXPECT_NE(bytes.find(row.has), std::string::npos) << bytes;
    }
    EXPECT_EQ(composed("malformed kind=nothing").bytes, "");
    EXPECT_EQ(composed("malformed kind=half_head").bytes, status_line + date.substr(0, 8));
    EXPECT_GT(composed("malformed kind=huge_head").bytes.size(), 256U * 1024);
}

TEST(Encode, CompressesNothingToo) {
    EXPECT_EQ(decoded(encode("gzip", ""), 15 + 16), "");
}

}  // namespace
}  // namespace simulator
