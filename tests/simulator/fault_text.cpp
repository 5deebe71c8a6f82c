// Faults as words and as JSON: the journal's summary, and what GET /_sim/faults shows.

#include "tests/simulator/fault.hpp"

#include <boost/json.hpp>

namespace simulator {

namespace json = boost::json;

std::string_view word(FaultType type) {
    switch (type) {
        case FaultType::latency:
            return "latency";
        case FaultType::status:
            return "status";
        case FaultType::rate_limited:
            return "rate_limited";
        case FaultType::reset:
            return "reset";
        case FaultType::hang:
            return "hang";
        case FaultType::truncate:
            return "truncate";
        case FaultType::malformed:
            return "malformed";
        case FaultType::gzip:
            return "gzip";
        case FaultType::slow_body:
            return "slow_body";
        case FaultType::close_idle:
            return "close_idle";
        case FaultType::chunked:
            return "chunked";
    }
    return "unknown";
}

std::string_view word(Stage stage) {
    switch (stage) {
        case Stage::at_accept:
            return "at_accept";
        case Stage::before_reading:
            return "before_reading";
        case Stage::before_processing:
            return "before_processing";
        case Stage::after_processing:
            return "after_processing";
        case Stage::mid_body:
            return "mid_body";
    }
    return "unknown";
}

std::string Fault::summary() const {
    std::string text(word(type));
    const bool staged = type == FaultType::reset || type == FaultType::hang;
    if (staged) text += ' ' + std::string(word(stage));
    if (code != 0) text += ' ' + std::to_string(code);
    if (type == FaultType::status && stage == Stage::after_processing) text += " after_processing";
    if (!kind.empty()) text += ' ' + kind;
    if (!encoding.empty()) text += ' ' + encoding;
    return text;
}

json::object to_json(const Fault& fault) {
    json::object out{{"name", fault.name}, {"type", word(fault.type)}};
    if (!fault.path.empty()) out["path"] = fault.path;
    if (!fault.method.empty()) out["method"] = fault.method;
    if (fault.probability < 1) out["probability"] = fault.probability;
    if (fault.count != Fault{}.count) out["count"] = fault.count;
    if (fault.skip != 0) out["skip"] = fault.skip;
    const FaultType type = fault.type;
    if (type == FaultType::latency || type == FaultType::status || type == FaultType::reset ||
        type == FaultType::hang) {
        out["stage"] = word(fault.stage);
    }
    if (fault.ms.count() != 0) out["ms"] = fault.ms.count();
    if (fault.jitter_ms.count() != 0) out["jitter_ms"] = fault.jitter_ms.count();
    if (type == FaultType::rate_limited) {
        out["retry_after"] = fault.retry_after.count();
    } else if (fault.code != 0) {
        out["code"] = fault.code;
    }
    if (fault.body) out["body"] = *fault.body;
    if (!fault.headers.empty()) {
        json::object headers;
        for (const Field& field : fault.headers)
            headers[field.name] = field.value;
        out["headers"] = headers;
    }
    if (!fault.kind.empty()) out[type == FaultType::close_idle ? "when" : "kind"] = fault.kind;
    if (!fault.encoding.empty()) out["encoding"] = fault.encoding;
    if (fault.every_status) out["every_status"] = true;
    if (fault.bytes >= 0) out["bytes"] = fault.bytes;
    if (fault.bytes_per_second != 0) out["bytes_per_second"] = fault.bytes_per_second;
    return out;
}

}  // namespace simulator
