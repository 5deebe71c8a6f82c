#include "tests/simulator/json_text.hpp"

#include "tests/simulator/utf8.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace simulator {
namespace {

namespace json = boost::json;

void append(std::string& out, const json::value& value);

// Boost.JSON writes the bytes of a string as they are, whatever they are.
void append(std::string& out, std::string_view text) {
    out += json::serialize(json::string(is_utf8(text) ? std::string(text) : to_utf8(text)));
}

void append(std::string& out, const json::object& object) {
    out += '{';
    bool first = true;
    for (const auto& field : object) {
        if (!first) out += ',';
        first = false;
        append(out, std::string_view(field.key()));
        out += ':';
        append(out, field.value());
    }
    out += '}';
}

void append(std::string& out, const json::array& array) {
    out += '[';
    bool first = true;
    for (const json::value& each : array) {
        if (!first) out += ',';
        first = false;
        append(out, each);
    }
    out += ']';
}

void append(std::string& out, const json::value& value) {
    if (value.is_object()) {
        append(out, value.get_object());
    } else if (value.is_array()) {
        append(out, value.get_array());
    } else if (value.is_string()) {
        append(out, std::string_view(value.get_string()));
    } else if (value.is_double()) {
        char text[64];
        const auto end = std::to_chars(text, text + sizeof text, value.get_double()).ptr;
        out.append(text, end);
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string json_text(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace simulator
