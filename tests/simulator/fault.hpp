#pragma once

// One fault, in the vocabulary of toxiproxy: a type with its attributes, to which requests it
// applies, and how often. The same words serve the command line, POST /_sim/faults and tests:
//
//   latency ms=200 jitter_ms=50
//   status code=500 count=2 path=/v1/calls/start
//   {"type": "reset", "stage": "after_processing", "probability": 0.1}

#include "tests/simulator/api.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

enum class FaultType {
    latency,       // answers later
    status,        // answers with another status
    rate_limited,  // answers 429 as the API words it
    reset,         // breaks the connection with a TCP reset
    hang,          // keeps the connection and says nothing
    truncate,      // promises more bytes than it sends, then closes cleanly
    malformed,     // answers what is not HTTP
    gzip,          // compresses the body of errors
    slow_body,     // sends the body slowly
    close_idle,    // closes the connection that it had promised to keep
    chunked,       // sends the body in chunks; legal
};

// How far a request gets before the fault strikes. At `before_reading` only its head has been read;
// at `before_processing` (also written after_reading) the API has not acted; at `after_processing`
// it has, and only the answer is lost; at `mid_body` half of the answer's body has been sent.
enum class Stage {
    at_accept,
    before_reading,
    before_processing,
    after_processing,
    mid_body
};

std::string_view word(FaultType type);
std::string_view word(Stage stage);

struct Fault {
    FaultType type = FaultType::status;
    std::string name{};  // the type, unless given

    // Which requests, and how often.
    std::string path{};    // prefix; empty: any
    std::string method{};  // empty: any
    double probability = 1;
    std::int64_t count = std::numeric_limits<std::int64_t>::max();  // applies this often at most
    std::int64_t skip = 0;  // after letting this many matching requests pass

    // What. Each type uses those of these that belong to it.
    Stage stage = Stage::before_processing;
    std::chrono::milliseconds ms{};
    std::chrono::milliseconds jitter_ms{};
    int code = 0;  // 0: the API's own answer
    std::optional<std::string> body{};
    Fields headers{};
    std::chrono::seconds retry_after{};
    std::string kind{};         // of malformed: see malformed_kinds(); of close_idle: when
    std::string encoding{};     // gzip, deflate; empty: none
    bool every_status = false;  // gzip: successes too
    std::int64_t bytes = -1;    // truncate: so much of the body is sent; -1: half
    std::int64_t bytes_per_second = 0;

    // For the journal: "reset after_processing", "status 500".
    std::string summary() const;
};

// Throw BadInput, naming the attribute.
Fault parse_fault(const boost::json::object& attributes, const std::string& prefix = {});
Fault parse_fault(std::string_view line);

boost::json::object to_json(const Fault& fault);

}  // namespace simulator
