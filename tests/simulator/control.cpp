#include "tests/simulator/control.hpp"

#include "tests/simulator/digest.hpp"
#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/json_text.hpp"
#include "tests/simulator/utf8.hpp"

#include <boost/json.hpp>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view root = "/_sim/";

Response reply(int status, const json::value& body) {
    Response response{.status = status, .body = json_text(body) + "\n"};
    response.fields.push_back(Field{.name = "Content-Type", .value = "application/json"});
    return response;
}

Response failure(int status, const std::string& message, const std::string& field = {}) {
    json::object body{{"error", message}};
    if (!field.empty()) body["field"] = field;
    return reply(status, body);
}

std::optional<std::string> parameter(const Request& request, std::string_view name) {
    const auto target = boost::urls::parse_origin_form(request.target);
    if (!target) return std::nullopt;
    const auto parameters = target->params();
    const auto found = parameters.find(name);
    if (found == parameters.end()) return std::nullopt;
    return (*found).value;
}

std::uint64_t number_parameter(
    const Request& request, std::string_view name, std::uint64_t otherwise
) {
    const std::optional<std::string> text = parameter(request, name);
    if (!text) return otherwise;
    std::uint64_t number = 0;
    const auto result = std::from_chars(text->data(), text->data() + text->size(), number);
    if (result.ec != std::errc() || result.ptr != text->data() + text->size()) {
        throw BadInput(std::string(name), "expected a whole number, got '" + *text + "'");
    }
    return number;
}

json::value body_of(const Request& request) {
    boost::system::error_code error;
    json::value value = json::parse(request.body, error);
    if (error) throw BadInput("", "the body is not JSON: " + error.message());
    return value;
}

const json::object& object_of(const json::value& value, const std::string& what) {
    if (!value.is_object()) throw BadInput(what, "expected an object, got " + json_text(value));
    return value.get_object();
}

json::object entry_json(const Entry& entry) {
    json::array fields;
    for (const Field& field : entry.fields)
        fields.push_back(json::array{field.name, field.value});
    json::object out{
        {"sequence", entry.sequence},
        {"arrived_ms", entry.arrived.count()},
        {"wall", iso_time(entry.wall)},
        {"connection", entry.connection},
        {"tls", entry.tls},
        {"method", entry.method},
        {"target", entry.target},
        {"headers", fields},
        {"idempotency_key", nullptr},
        {"body", entry.body},
        {"body_bytes", entry.body_bytes},
        {"body_sha256", entry.body_sha256},
        {"status", nullptr},
        {"answered_ms", nullptr},
        {"faults", json::value_from(entry.faults)},
        {"effects", json::value_from(entry.effects)}};
    if (!entry.idempotency_key.empty()) out["idempotency_key"] = entry.idempotency_key;
    if (entry.status != 0) {
        out["status"] = entry.status;
        out["answered_ms"] = entry.answered.count();
    }
    if (!is_utf8(entry.body)) out["body_base64"] = base64(entry.body);
    if (!entry.note.empty()) out["note"] = entry.note;
    return out;
}

Response get_journal(World& world, const Request& request) {
    const std::uint64_t since = number_parameter(request, "since", 0);
    const std::uint64_t limit = number_parameter(request, "limit", Journal::entries_max);
    json::array list;
    for (const Entry& entry : world.journal_since(since)) {
        if (list.size() >= limit) break;
        list.push_back(entry_json(entry));
    }
    return reply(
        200,
        json::object{
            {"entries", list}, {"last", world.last_sequence()}, {"dropped", world.dropped()}}
    );
}

Response get_effects(World& world, const Request& request) {
    const Effects effects = world.effects();
    json::object counts;
    for (const auto& [name, count] : effects.by_name())
        counts[name] = count;
    json::array twice;
    for (const Effects::Count& each : effects.more_than_once()) {
        twice.push_back(json::object{
            {"effect", each.name}, {"subject", each.subject}, {"count", each.count}});
    }
    json::object out{{"counts", counts}, {"more_than_once", twice}};
    const std::optional<std::string> only = parameter(request, "subject");
    if (!only && number_parameter(request, "subjects", 0) == 0) return reply(200, out);
    json::object by_subject;
    for (const auto& [name, subjects] : effects.by_subject()) {
        for (const auto& [subject, count] : subjects) {
            if (only && *only != subject) continue;
            json::value& each = by_subject[subject];
            if (!each.is_object()) each.emplace_object();
            each.get_object()[name] = count;
        }
    }
    out["subjects"] = by_subject;
    return reply(200, out);
}

Response get_faults(World& world) {
    json::array list;
    for (const FaultSet::Standing& standing : world.faults()) {
        json::object each = to_json(standing.fault);
        each["matched"] = standing.matched;
        each["applied"] = standing.applied;
        list.push_back(each);
    }
    return reply(200, json::object{{"faults", list}});
}

Response post_faults(World& world, const Request& request) {
    const json::value body = body_of(request);
    std::vector<Fault> faults;
    if (body.is_array()) {
        for (const json::value& each : body.get_array()) {
            const std::string at = "faults[" + std::to_string(faults.size()) + "]";
            faults.push_back(parse_fault(object_of(each, at), at + "."));
        }
    } else {
        faults.push_back(parse_fault(object_of(body, "fault")));
    }
    world.add_faults(std::move(faults));
    return get_faults(world);
}

Response delete_faults(World& world, const Request& request) {
    const std::optional<std::string> name = parameter(request, "name");
    if (!name) world.clear_faults();
    if (name && world.remove_faults(*name) == 0) {
        return failure(404, "no fault is named '" + *name + "'", "name");
    }
    return get_faults(world);
}

Response get_health(World& world) {
    const Connections connections = world.connections();
    return reply(
        200,
        json::object{
            {"status", "ok"},
            {"uptime_ms", world.now().steady.count()},
            {"requests", world.last_sequence()},
            {"connections_open", connections.open},
            {"connections_accepted", connections.accepted}}
    );
}

struct Door {
    std::string_view method;
    std::string_view path;  // after /_sim/
    Response (*enter)(World&, const Request&);
};

constexpr Door doors[] = {
    {"GET", "journal", get_journal},
    {"DELETE",
     "journal",
     [](World& world, const Request& request) {
         world.clear_journal();
         return get_journal(world, request);
     }},
    {"GET", "effects", get_effects},
    {"GET", "faults", [](World& world, const Request&) { return get_faults(world); }},
    {"POST", "faults", post_faults},
    {"DELETE", "faults", delete_faults},
    {"POST",
     "reset",
     [](World& world, const Request&) {
         world.reset();
         return reply(200, json::object{{"status", "reset"}});
     }},
    {"GET", "settings", [](World& world, const Request&) { return reply(200, world.settings()); }},
    {"POST",
     "settings",
     [](World& world, const Request& request) {
         const json::value body = body_of(request);
         world.change(object_of(body, "settings"));
         return reply(200, world.settings());
     }},
    {"GET", "health", [](World& world, const Request&) { return get_health(world); }},
};

}  // namespace

bool is_control(const Request& request) {
    return request.path().starts_with(root);
}

Response control(World& world, const Request& request) {
    const std::string_view path = request.path().substr(root.size());
    bool known = false;
    std::string paths;
    try {
        for (const Door& door : doors) {
            if (door.path == path && door.method == request.method) {
                return door.enter(world, request);
            }
            known = known || door.path == path;
            paths += ' ' + std::string(door.method) + ' ' + std::string(root);
            paths += std::string(door.path) + ';';
        }
    } catch (const BadInput& wrong) {
        return failure(400, wrong.what(), wrong.field());
    }
    return failure(known ? 405 : 404, "there is:" + paths);
}

}  // namespace simulator
