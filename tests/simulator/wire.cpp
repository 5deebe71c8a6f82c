#include "tests/simulator/wire.hpp"

#include "tests/simulator/encode.hpp"
#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/malformed.hpp"
#include "tests/simulator/reason_phrase.hpp"

#include <algorithm>
#include <cstdio>

namespace simulator {
namespace {

std::string coding_for(const Response& response, const Disturbance& disturbance) {
    if (disturbance.main && !disturbance.main->encoding.empty()) return disturbance.main->encoding;
    const bool fits = response.status >= 400 || disturbance.encode_every_status;
    return fits ? disturbance.encoding : std::string();
}

std::string in_chunks(const std::string& body) {
    constexpr std::size_t chunk_bytes = 64;
    std::string out;
    for (std::size_t at = 0; at < body.size(); at += chunk_bytes) {
        out += chunk(body.substr(at, chunk_bytes));
    }
    return out + "0\r\n\r\n";
}

Whole take_apart(const Response& response, Framing framing, Moment now) {
    Whole whole;
    whole.status_line = "HTTP/1.1 " + std::to_string(response.status) + " " +
                        std::string(reason_phrase(response.status)) + "\r\n";
    whole.fields = "Date: " + http_date(now.wall) + "\r\n";
    for (const Field& field : response.fields) {
        whole.fields += field.name + ": " + field.value + "\r\n";
    }
    if (!framing.keep_alive) whole.fields += "Connection: close\r\n";
    whole.body = response.body;
    return whole;
}

}  // namespace

std::string chunk(const std::string& bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

Wire compose_stream_head(const Response& response, Framing framing, Moment now) {
    const Whole whole = take_apart(response, framing, now);
    Wire wire;
    wire.bytes = whole.status_line + whole.fields;
    if (framing.chunks) wire.bytes += "Transfer-Encoding: chunked\r\n";
    wire.bytes += "\r\n";
    wire.head_bytes = wire.bytes.size();
    return wire;
}

Wire compose(Response response, const Disturbance& disturbance, Framing framing, Moment now) {
    const std::string coding = coding_for(response, disturbance);
    if (!coding.empty() && !response.body.empty()) {
        response.body = encode(coding, response.body);
        response.fields.push_back(Field{.name = "Content-Encoding", .value = coding});
    }
    const Whole whole = take_apart(response, framing, now);
    Wire wire;
    wire.bytes_per_second = disturbance.bytes_per_second;
    wire.ending = framing.keep_alive ? Ending::keep : Ending::close;
    if (wire.ending == Ending::keep && disturbance.close_idle == "after_response") {
        wire.ending = Ending::close;
    }
    if (wire.ending == Ending::keep && disturbance.close_idle == "next_request") {
        wire.ending = Ending::close_on_next_request;
    }
    const Fault* fault = disturbance.main ? &*disturbance.main : nullptr;
    if (fault && fault->type == FaultType::malformed) {
        wire.bytes = malformed(fault->kind, whole);
        wire.head_bytes = wire.bytes.size();
        if (fault->kind != "extra_response") wire.ending = Ending::close;
        return wire;
    }

    const bool bodiless = response.status == 204 || response.status == 304;
    std::string head = whole.status_line + whole.fields;
    std::string body = whole.body;
    if (bodiless) {
        body.clear();
    } else if (disturbance.chunked) {
        head += "Transfer-Encoding: chunked\r\n";
        body = in_chunks(body);
    } else {
        head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    if (framing.head_request) body.clear();
    head += "\r\n";
    const bool cut = fault && (fault->type == FaultType::truncate ||
                               disturbance.is(FaultType::reset, Stage::mid_body) ||
                               disturbance.is(FaultType::hang, Stage::mid_body));
    if (cut) {
        const std::size_t wanted =
            fault->bytes < 0 ? body.size() / 2 : static_cast<std::size_t>(fault->bytes);
        body.resize(std::min(wanted, body.empty() ? 0 : body.size() - 1));
        wire.ending = fault->type == FaultType::reset  ? Ending::reset
                      : fault->type == FaultType::hang ? Ending::hang
                                                       : Ending::close;
    }
    wire.head_bytes = head.size();
    wire.bytes = head + body;
    return wire;
}

}  // namespace simulator
