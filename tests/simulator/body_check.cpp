#include "tests/simulator/body_check.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace simulator {
namespace {

namespace json = boost::json;

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

bool is_text(const json::value& value) {
    return value.is_string() && !value.get_string().empty();
}

bool is_phone(const json::value& value) {
    if (!value.is_string()) return false;
    std::string_view text = value.get_string();
    if (!text.starts_with('+')) return false;
    text.remove_prefix(1);
    return text.size() >= 7 && text.size() <= 15 && text.front() != '0' &&
           std::ranges::all_of(text, is_digit);
}

bool is_phones(const json::value& value) {
    return value.is_array() && !value.get_array().empty() &&
           std::ranges::all_of(value.get_array(), is_phone);
}

bool is_email(const json::value& value) {
    if (!value.is_string()) return false;
    const std::string_view text = value.get_string();
    const std::size_t at = text.find('@');
    const std::size_t dot = text.rfind('.');
    return at != std::string_view::npos && at > 0 && dot != std::string_view::npos &&
           dot > at + 1 && dot + 1 < text.size();
}

// Empty where the value has the shape.
std::string what_is_wrong(const json::value& value, const Wanted& wanted) {
    const std::string name(wanted.name);
    switch (wanted.shape) {
        case Shape::text:
            return is_text(value) ? "" : name + " must be a string that is not empty";
        case Shape::phone:
            return is_phone(value) ? "" : name + " must be E.164 format";
        case Shape::phones:
            return is_phones(value) ? "" : name + " must be a list of numbers in E.164 format";
        case Shape::email:
            return is_email(value) ? "" : "Invalid email format";
    }
    return {};
}

}  // namespace

std::string CheckedBody::text(std::string_view name) const {
    const json::value* value = fields.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

CheckedBody check_body(std::string_view text, const std::vector<Wanted>& wanted) {
    CheckedBody checked;
    boost::system::error_code failure;
    json::value value = json::parse(text, failure);
    if (failure) checked.malformed = failure.message();
    if (!failure && !value.is_object()) checked.malformed = "not an object";
    if (!checked.malformed.empty()) return checked;
    checked.fields = std::move(value.get_object());
    for (const Wanted& each : wanted) {
        const std::string name(each.name);
        const json::value* given = checked.fields.if_contains(each.name);
        if (!given || given->is_null()) {
            if (!each.required) continue;
            checked.problems.push_back(
                {.field = name, .missing = true, .reason = name + " is required"}
            );
            continue;
        }
        std::string reason = what_is_wrong(*given, each);
        if (reason.empty()) continue;
        checked.problems.push_back({.field = name, .missing = false, .reason = std::move(reason)});
    }
    return checked;
}

}  // namespace simulator
