#include "tests/simulator/json_reader.hpp"

#include "tests/simulator/json_text.hpp"

#include <boost/json.hpp>

namespace simulator {
namespace json = boost::json;

JsonReader::JsonReader(const json::object& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {}

const json::value* JsonReader::any(std::string_view name) {
    asked_.emplace(name);
    return object_.if_contains(name);
}

bool JsonReader::text(std::string_view name, std::string& out) {
    const json::value* value = any(name);
    if (!value) return false;
    if (!value->is_string()) refuse(name, "expected a string, got " + json_text(*value));
    out = std::string(value->get_string());
    return true;
}

bool JsonReader::text_or_json(std::string_view name, std::string& out) {
    const json::value* value = any(name);
    if (!value) return false;
    out = value->is_string() ? std::string(value->get_string()) : json_text(*value);
    return true;
}

bool JsonReader::flag(std::string_view name, bool& out) {
    const json::value* value = any(name);
    if (!value) return false;
    if (!value->is_bool()) refuse(name, "expected true or false, got " + json_text(*value));
    out = value->get_bool();
    return true;
}

bool JsonReader::whole(
    std::string_view name, std::int64_t& out, std::int64_t min, std::int64_t max
) {
    const json::value* value = any(name);
    if (!value) return false;
    boost::system::error_code failure;
    const std::int64_t number =
        value->is_number() ? value->to_number<std::int64_t>(failure) : std::int64_t(0);
    if (!value->is_number() || failure || number < min || number > max) {
        refuse(
            name,
            "expected a whole number from " + std::to_string(min) + " to " + std::to_string(max) +
                ", got " + json_text(*value)
        );
    }
    out = number;
    return true;
}

bool JsonReader::real(std::string_view name, double& out, double min, double max) {
    const json::value* value = any(name);
    if (!value) return false;
    const double number = value->is_number() ? value->to_number<double>() : 0;
    if (!value->is_number() || !(number >= min && number <= max)) {
        refuse(
            name,
            "expected a number from " + json_text(min) + " to " + json_text(max) + ", got " +
                json_text(*value)
        );
    }
    out = number;
    return true;
}

void JsonReader::done() const {
    for (const auto& field : object_) {
        if (asked_.contains(std::string_view(field.key()))) continue;
        std::string known;
        for (const std::string& name : asked_)
            known += (known.empty() ? "" : ", ") + name;
        refuse(field.key(), "unknown; there is: " + known);
    }
}

void JsonReader::refuse(std::string_view name, const std::string& message) const {
    throw BadInput(prefix_ + std::string(name), message);
}

void JsonReader::refuse_word(
    std::string_view name, std::string_view word, const std::vector<std::string_view>& known
) const {
    std::string words;
    for (const std::string_view each : known) {
        words += (words.empty() ? "" : ", ") + std::string(each);
    }
    refuse(name, "expected one of " + words + "; got '" + std::string(word) + "'");
}

}  // namespace simulator
