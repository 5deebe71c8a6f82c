#include "tests/simulator/sticky_calls_bodies.hpp"

#include "tests/simulator/json_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace simulator {
namespace {

namespace json = boost::json;
using Path = std::vector<std::string>;

constexpr std::size_t call_id_max = 128;
constexpr std::array<std::string_view, 4> line_types{"mobile", "landline", "voip", "unknown"};
constexpr std::array<std::string_view, 5> intent_statuses{
    "open", "pending", "escalated", "resolved", "abandoned"};

std::string_view kind_word(const json::value& value) {
    if (value.is_object()) return "object";
    if (value.is_array()) return "array";
    if (value.is_string()) return "string";
    if (value.is_number()) return "number";
    return value.is_bool() ? "boolean" : "null";
}

// One object of the body, and where it stands in it.
class Part {
public:
    Part(const json::object& object, Path at, std::vector<Issue>& issues)
        : object_(object), at_(std::move(at)), issues_(issues) {}

    const json::value* find(const std::string& name) const {
        const json::value* value = object_.if_contains(name);
        return value && !value->is_null() ? value : nullptr;
    }

    void issue(const std::string& name, std::string message) {
        Path path = at_;
        path.push_back(name);
        issues_.push_back(Issue{.path = std::move(path), .message = std::move(message)});
    }

    void missing(const std::string& name) {
        issue(name, "Required field '" + name + "' is missing");
    }

    std::string text(const std::string& name) {
        const json::value* value = find(name);
        if (!value) return {};
        if (value->is_string()) return std::string(value->get_string());
        issue(name, "Expected string, received " + std::string(kind_word(*value)));
        return {};
    }

    std::string word(const std::string& name, std::span<const std::string_view> known) {
        const std::string value = text(name);
        if (value.empty() || std::ranges::find(known, value) != known.end()) return value;
        std::string message = "Invalid enum value. Expected";
        for (const std::string_view each : known) {
            message += (each == known.front() ? " '" : " | '") + std::string(each) + "'";
        }
        issue(name, message + ", received '" + value + "'");
        return {};
    }

    const json::object* object(const std::string& name) {
        const json::value* value = find(name);
        if (!value) return nullptr;
        if (value->is_object()) return &value->get_object();
        issue(name, "Expected object, received " + std::string(kind_word(*value)));
        return nullptr;
    }

private:
    const json::object& object_;
    Path at_;
    std::vector<Issue>& issues_;
};

std::optional<json::object> parse_object(std::string_view text, std::vector<Issue>& issues) {
    boost::system::error_code failure;
    json::value value = json::parse(text, failure);
    if (failure) {
        issues.push_back(Issue{.message = "Malformed JSON body: " + failure.message()});
        return std::nullopt;
    }
    if (!value.is_object()) {
        const std::string kind(kind_word(value));
        issues.push_back(Issue{.message = "Expected object, received " + kind});
        return std::nullopt;
    }
    return std::move(value.get_object());
}

std::string read_call_id(Part& body) {
    std::string call_id = body.text("call_id");
    const json::value* value = body.find("call_id");
    if (!value) {
        body.missing("call_id");
    } else if (value->is_string() && call_id.empty()) {
        body.issue("call_id", "call_id must not be empty");
    } else if (call_id.size() > call_id_max) {
        body.issue("call_id", "call_id must contain at most 128 characters");
    }
    return call_id;
}

IdentityHints read_hints(
    Part& body, const json::object& object, std::vector<Issue>& issues, bool any_needed
) {
    Part part(object, Path{"identity_hints"}, issues);
    const std::size_t issues_before = issues.size();
    IdentityHints hints;
    hints.ani = part.text("ani");
    part.text("dnis");
    hints.customer_ref = part.text("customer_ref");
    if (const json::object* ids = part.object("external_ids")) {
        for (const auto& id : *ids) {
            const json::value& value = id.value();
            hints.external_ids[id.key()] =
                value.is_string() ? std::string(value.get_string()) : json_text(value);
        }
    }
    if (any_needed && hints.empty() && issues.size() == issues_before) {
        body.issue(
            "identity_hints", "identity_hints must include ani, external_ids, or customer_ref"
        );
    }
    return hints;
}

}  // namespace

StartBody read_start(std::string_view text, std::vector<Issue>& issues) {
    StartBody start;
    const std::optional<json::object> object = parse_object(text, issues);
    if (!object) return start;
    Part body(*object, {}, issues);
    start.call_id = read_call_id(body);
    if (!body.find("identity_hints")) {
        body.missing("identity_hints");
    } else if (const json::object* hints = body.object("identity_hints")) {
        start.hints = read_hints(body, *hints, issues, true);
    }
    if (const json::object* telco = body.object("telco")) {
        Part part(*telco, Path{"telco"}, issues);
        const std::string line_type = part.word("line_type", line_types);
        if (!line_type.empty()) start.hints.line_type = line_type;
    }
    return start;
}

EndBody read_end(std::string_view text, std::vector<Issue>& issues) {
    EndBody end;
    const std::optional<json::object> object = parse_object(text, issues);
    if (!object) return end;
    Part body(*object, {}, issues);
    end.call_id = read_call_id(body);
    if (const json::object* hints = body.object("identity_hints")) {
        end.hints = read_hints(body, *hints, issues, false);
    }
    const std::string customer_ref = body.text("customer_ref");
    if (!customer_ref.empty()) end.hints.customer_ref = customer_ref;
    end.intent = body.text("intent");
    const std::string status = body.word("intent_status", intent_statuses);
    if (!status.empty()) end.intent_status = status;
    if (const json::object* variables = body.object("variables")) end.variables = *variables;
    return end;
}

}  // namespace simulator
