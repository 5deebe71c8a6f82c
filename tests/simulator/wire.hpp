#pragma once

// A response as bytes, with what the faults make of it: what is sent, how fast, and what becomes of
// the connection afterwards. Pure, so that every fault's bytes can be tested without a socket.

#include "tests/simulator/api.hpp"
#include "tests/simulator/fault_set.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace simulator {

enum class Ending {
    keep,                   // the next request may come
    close,                  // closed cleanly
    close_on_next_request,  // kept open until the next request comes, and then reset unread
    reset,
    hang,
};

struct Wire {
    std::string bytes{};
    std::size_t head_bytes = 0;         // those are sent at once
    std::int64_t bytes_per_second = 0;  // the others; 0: at once too
    Ending ending = Ending::keep;
};

struct Framing {
    bool head_request = false;  // answer without a body
    bool keep_alive = true;
    bool chunks = true;  // false: the client is too old for them
};

// The head of a response whose body has no end, and a piece of that body.
Wire compose_stream_head(const Response& response, Framing framing, Moment now);
std::string chunk(const std::string& bytes);

Wire compose(Response response, const Disturbance& disturbance, Framing framing, Moment now);

}  // namespace simulator
