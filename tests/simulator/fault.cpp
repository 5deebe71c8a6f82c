#include "tests/simulator/fault.hpp"

#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/malformed.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t day_ms = 24LL * 3600 * 1000;

void read_matching(JsonReader& in, Fault& fault) {
    in.text("name", fault.name);
    in.text("path", fault.path);
    in.text("method", fault.method);
    in.real("probability", fault.probability, 0, 1);
    in.whole("count", fault.count, 1, unlimited);
    in.whole("skip", fault.skip, 0, unlimited);
}

void read_headers(JsonReader& in, Fault& fault) {
    const json::value* headers = in.any("headers");
    if (!headers) return;
    if (!headers->is_object()) in.refuse("headers", "expected an object");
    for (const auto& header : headers->get_object()) {
        const json::value& value = header.value();
        const std::string name(header.key());
        if (!value.is_string()) in.refuse("headers." + name, "expected a string");
        fault.headers.push_back(Field{.name = name, .value = std::string(value.get_string())});
    }
}

// The answer that is sent instead of the API's own, or that is to be spoilt.
void read_answer(JsonReader& in, Fault& fault, bool code_needed) {
    std::int64_t code = 0;
    const bool given = in.whole("code", code, 200, 599);
    if (code_needed && !given) in.refuse("code", "needed: the status to answer with");
    fault.code = static_cast<int>(code);
    std::string body;
    if (in.text_or_json("body", body)) fault.body = body;
    read_headers(in, fault);
}

void read_encoding(JsonReader& in, std::string_view name, std::string& out) {
    in.choice<std::string>(name, out, {{"gzip", "gzip"}, {"deflate", "deflate"}});
}

std::chrono::milliseconds read_ms(JsonReader& in, std::string_view name) {
    std::int64_t number = 0;
    in.whole(name, number, 0, day_ms);
    return std::chrono::milliseconds(number);
}

void read_malformed_kind(JsonReader& in, Fault& fault) {
    fault.kind = "status_line";
    in.text("kind", fault.kind);
    std::string words;
    for (const std::string_view known : malformed_kinds()) {
        if (known == fault.kind) return;
        words += (words.empty() ? "" : ", ") + std::string(known);
    }
    in.refuse("kind", "expected one of " + words + "; got '" + fault.kind + "'");
}

void read_what(JsonReader& in, Fault& fault) {
    std::int64_t seconds = 30;
    switch (fault.type) {
        case FaultType::latency:
            fault.stage = Stage::after_processing;
            fault.ms = read_ms(in, "ms");
            fault.jitter_ms = read_ms(in, "jitter_ms");
            in.choice<Stage>(
                "stage",
                fault.stage,
                {{"before_processing", Stage::before_processing},
                 {"after_reading", Stage::before_processing},
                 {"after_processing", Stage::after_processing}}
            );
            break;
        case FaultType::status: {
            read_answer(in, fault, true);
            bool gzip = false;
            in.flag("gzip", gzip);
            if (gzip) fault.encoding = "gzip";
            read_encoding(in, "encoding", fault.encoding);
            in.choice<Stage>(
                "stage",
                fault.stage,
                {{"before_processing", Stage::before_processing},
                 {"after_reading", Stage::before_processing},
                 {"after_processing", Stage::after_processing}}
            );
            break;
        }
        case FaultType::rate_limited:
            fault.code = 429;
            in.whole("retry_after", seconds, 0, 1'000'000'000);
            fault.retry_after = std::chrono::seconds(seconds);
            break;
        case FaultType::reset:
        case FaultType::hang:
            fault.stage =
                fault.type == FaultType::reset ? Stage::after_processing : Stage::before_processing;
            in.choice<Stage>(
                "stage",
                fault.stage,
                {{"at_accept", Stage::at_accept},
                 {"before_reading", Stage::before_reading},
                 {"before_processing", Stage::before_processing},
                 {"after_reading", Stage::before_processing},
                 {"after_processing", Stage::after_processing},
                 {"mid_body", Stage::mid_body}}
            );
            if (fault.stage == Stage::at_accept && !(fault.path + fault.method).empty()) {
                in.refuse("stage", "at_accept cannot go with path or method: nothing is read yet");
            }
            if (fault.stage == Stage::mid_body) read_answer(in, fault, false);
            break;
        case FaultType::truncate:
            in.whole("bytes", fault.bytes, 0, 1 << 30);
            read_answer(in, fault, false);
            break;
        case FaultType::malformed:
            read_malformed_kind(in, fault);
            break;
        case FaultType::gzip:
            fault.encoding = "gzip";
            read_encoding(in, "encoding", fault.encoding);
            in.flag("every_status", fault.every_status);
            break;
        case FaultType::slow_body:
            if (!in.whole("bytes_per_second", fault.bytes_per_second, 1, 1 << 30)) {
                in.refuse("bytes_per_second", "needed");
            }
            break;
        case FaultType::close_idle:
            fault.kind = "after_response";
            in.choice<std::string>(
                "when",
                fault.kind,
                {{"after_response", "after_response"}, {"next_request", "next_request"}}
            );
            break;
        case FaultType::chunked:
            break;
    }
}

// A value on the command line is JSON where it can be, else text; in single quotes it may hold
// blanks.
std::string_view next_word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    bool quoted = false;
    std::size_t end = 0;
    while (end < rest.size() && (quoted || rest[end] != ' '))
        quoted ^= rest[end++] == '\'';
    const std::string_view found = rest.substr(0, end);
    rest.remove_prefix(end);
    return found;
}

json::value value_of(std::string_view text) {
    if (text.size() > 1 && text.front() == '\'' && text.back() == '\'') {
        text = text.substr(1, text.size() - 2);
    }
    boost::system::error_code failure;
    json::value parsed = json::parse(text, failure);
    return failure ? json::value(text) : parsed;
}

}  // namespace

Fault parse_fault(const json::object& attributes, const std::string& prefix) {
    JsonReader in(attributes, prefix);
    Fault fault;
    const bool given = in.choice<FaultType>(
        "type",
        fault.type,
        {{"latency", FaultType::latency},
         {"status", FaultType::status},
         {"rate_limited", FaultType::rate_limited},
         {"reset", FaultType::reset},
         {"hang", FaultType::hang},
         {"truncate", FaultType::truncate},
         {"malformed", FaultType::malformed},
         {"gzip", FaultType::gzip},
         {"slow_body", FaultType::slow_body},
         {"close_idle", FaultType::close_idle},
         {"chunked", FaultType::chunked}}
    );
    if (!given) in.refuse("type", "needed: which fault this is");
    fault.name = word(fault.type);
    read_matching(in, fault);
    read_what(in, fault);
    in.done();
    return fault;
}

Fault parse_fault(std::string_view line) {
    if (line.starts_with('{')) {
        boost::system::error_code failure;
        const json::value parsed = json::parse(line, failure);
        if (failure || !parsed.is_object()) {
            throw BadInput("fault", "not a JSON object: " + std::string(line));
        }
        return parse_fault(parsed.get_object());
    }
    json::object attributes{{"type", next_word(line)}};
    for (;;) {
        const std::string_view attribute = next_word(line);
        if (attribute.empty()) break;
        const std::size_t sign = attribute.find('=');
        if (sign == std::string_view::npos) {
            throw BadInput(
                "fault", "expected attribute=value, got '" + std::string(attribute) + "'"
            );
        }
        attributes[attribute.substr(0, sign)] = value_of(attribute.substr(sign + 1));
    }
    return parse_fault(attributes);
}

}  // namespace simulator
