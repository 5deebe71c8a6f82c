// The words that faults are given in.

#include "tests/simulator/fault.hpp"

#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/json_text.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <vector>

namespace simulator {
namespace {

struct Good {
    std::string line;
    std::string summary;
    std::string json;  // what GET /_sim/faults shows, which is taken back as it is
};

// clang-format off
const std::vector<Good> good_lines = {
    {"latency ms=200 jitter_ms=50", "latency",
     R"({"name":"latency","type":"latency","stage":"after_processing","ms":200,"jitter_ms":50})"},
    {"latency ms=5 stage=before_processing", "latency",
     R"({"name":"latency","type":"latency","stage":"before_processing","ms":5})"},
    {"status code=500 count=2 path=/v1/calls/start", "status 500",
     R"({"name":"status","type":"status","path":"/v1/calls/start","count":2,"stage":"before_processing","code":500})"},
    {"  status   code=503 headers={\"Retry-After\":\"7\"} body='oh no' method=POST skip=1 gzip=true", "status 503 gzip",
     R"({"name":"status","type":"status","method":"POST","skip":1,"stage":"before_processing","code":503,"body":"oh no","headers":{"Retry-After":"7"},"encoding":"gzip"})"},
    {R"(status code=500 stage=after_processing body={"a":[1]} encoding=deflate)", "status 500 after_processing deflate",
     R"({"name":"status","type":"status","stage":"after_processing","code":500,"body":"{\"a\":[1]}","encoding":"deflate"})"},
    {"rate_limited retry_after=2 count=1", "rate_limited 429",
     R"({"name":"rate_limited","type":"rate_limited","count":1,"retry_after":2})"},
    {"rate_limited", "rate_limited 429", R"({"name":"rate_limited","type":"rate_limited","retry_after":30})"},
    {"reset", "reset after_processing", R"({"name":"reset","type":"reset","stage":"after_processing"})"},
    {"reset stage=after_reading probability=0.25 name=flaky", "reset before_processing",
     R"({"name":"flaky","type":"reset","probability":0.25,"stage":"before_processing"})"},
    {"reset stage=mid_body code=429", "reset mid_body 429",
     R"({"name":"reset","type":"reset","stage":"mid_body","code":429})"},
    {"hang", "hang before_processing", R"({"name":"hang","type":"hang","stage":"before_processing"})"},
    {"hang stage=at_accept", "hang at_accept", R"({"name":"hang","type":"hang","stage":"at_accept"})"},
    {"truncate bytes=3", "truncate", R"({"name":"truncate","type":"truncate","bytes":3})"},
    {"malformed", "malformed status_line", R"({"name":"malformed","type":"malformed","kind":"status_line"})"},
    {"malformed kind=bad_chunk", "malformed bad_chunk", R"({"name":"malformed","type":"malformed","kind":"bad_chunk"})"},
    {"gzip encoding=deflate every_status=true", "gzip deflate",
     R"({"name":"gzip","type":"gzip","encoding":"deflate","every_status":true})"},
    {"slow_body bytes_per_second=10", "slow_body", R"({"name":"slow_body","type":"slow_body","bytes_per_second":10})"},
    {"close_idle", "close_idle after_response", R"({"name":"close_idle","type":"close_idle","when":"after_response"})"},
    {"close_idle when=next_request", "close_idle next_request",
     R"({"name":"close_idle","type":"close_idle","when":"next_request"})"},
    {"chunked", "chunked", R"({"name":"chunked","type":"chunked"})"},
    {R"({"type":"hang","stage":"after_processing"})", "hang after_processing",
     R"({"name":"hang","type":"hang","stage":"after_processing"})"},
};

struct Bad {
    std::string line;
    std::string message;
};

const std::vector<Bad> bad_lines = {
    {"stauts code=500", "type: expected one of latency, status, rate_limited, reset, hang, truncate, malformed, gzip, slow_body, close_idle, chunked; got 'stauts'"},
    {"", "type: expected one of latency, status, rate_limited, reset, hang, truncate, malformed, gzip, slow_body, close_idle, chunked; got ''"},
    {"{}", "type: needed: which fault this is"},
    {"{\"type\":", "fault: not a JSON object: {\"type\":"},
    {"status", "code: needed: the status to answer with"},
    {"status code=99", "code: expected a whole number from 200 to 599, got 99"},
    {"status code=abc", "code: expected a whole number from 200 to 599, got \"abc\""},
    {"status code=500 stage=mid_body", "stage: expected one of before_processing, after_reading, after_processing; got 'mid_body'"},
    {"status code=500 cuont=2", "cuont: unknown; there is: body, code, count, encoding, gzip, headers, method, name, path, probability, skip, stage, type"},
    {"status code=500 headers={\"A\":1}", "headers.A: expected a string"},
    {"status code=500 count", "fault: expected attribute=value, got 'count'"},
    {"status code=500 count=0", "count: expected a whole number from 1 to 9223372036854775807, got 0"},
    {"reset probability=1.5", "probability: expected a number from 0 to 1, got 1.5"},
    {"reset stage=at_accept path=/v1", "stage: at_accept cannot go with path or method: nothing is read yet"},
    {"reset code=500", "code: unknown; there is: count, method, name, path, probability, skip, stage, type"},
    {"latency ms=-1", "ms: expected a whole number from 0 to 86400000, got -1"},
    {"slow_body", "bytes_per_second: needed"},
    {"gzip encoding=br", "encoding: expected one of gzip, deflate; got 'br'"},
    {"close_idle when=never", "when: expected one of after_response, next_request; got 'never'"},
    {"reset path=7", "path: expected a string, got 7"},
};
// clang-format on

TEST(Fault, IsReadFromALine) {
    for (const Good& row : good_lines) {
        SCOPED_TRACE(row.line);
        const Fault fault = parse_fault(row.line);
        EXPECT_EQ(fault.summary(), row.summary);
        EXPECT_EQ(json_text(to_json(fault)), row.json);
    }
}

TEST(Fault, IsTakenBackAsItIsShown) {
    for (const Good& row : good_lines) {
        SCOPED_TRACE(row.json);
        const auto shown = boost::json::parse(row.json);
        EXPECT_EQ(to_json(parse_fault(shown.as_object())), shown);
    }
}

TEST(Fault, NamesWhatIsWrong) {
    for (const Bad& row : bad_lines) {
        SCOPED_TRACE(row.line);
        try {
            parse_fault(row.line);
            ADD_FAILURE() << "accepted";
        } catch (const BadInput& wrong) {
            EXPECT_EQ(wrong.what(), row.message);
        }
    }
}

TEST(Fault, ListsTheKindsOfMalformedAnswers) {
    try {
        parse_fault("malformed kind=odd");
        ADD_FAILURE() << "accepted";
    } catch (const BadInput& wrong) {
        EXPECT_EQ(wrong.field(), "kind");
        EXPECT_NE(std::string(wrong.what()).find("bad_chunk"), std::string::npos);
    }
}

}  // namespace
}  // namespace simulator
