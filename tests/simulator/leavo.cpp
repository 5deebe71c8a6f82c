#include "tests/simulator/leavo.hpp"

#include "tests/simulator/digest.hpp"
#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/json_text.hpp"
#include "tests/simulator/multipart.hpp"
#include "tests/simulator/reason_phrase.hpp"

#include <boost/json.hpp>
#include <boost/url/parse.hpp>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view leads = "/backend/leads";
constexpr std::string_view stream_path = "/backend/conversations/stream";

}  // namespace

Leavo::Leavo(std::uint64_t seed)
    : ResourceApi(
          Traits{
              .tiers = {{"standard", 100}},
              .key_prefix = "leavo_",
              .restricted_keys = true,
              .conflicts = true,
              .effects = {"leads_created", "leads_updated", "messages_sent", "media_sent"}},
          seed
      ) {
    const auto lead_known = [this](const Call& call, const CheckedBody& body) {
        return unless_known(call, body, "lead_id", leads, "Lead");
    };
    const auto told = [this](const Call& call, json::object& record, std::vector<Effect>&) {
        conversation(call.account).tell("message", json_text(record));
    };
    serve({
        .path = leads,
        .noun = "Lead",
        .id_prefix = "lead_",
        .wanted =
            {{"phone", Shape::phone},
             {.name = "name", .required = false},
             {.name = "email", .shape = Shape::email, .required = false}},
        .named_by = "phone",
        .effect = "leads_created",
        .unique = true,
    });
    messages_ = {
        .path = "/backend/messages/send",
        .noun = "Message",
        .id_prefix = "msg_",
        .wanted = {{"lead_id"}, {"message"}},
        .named_by = "message",
        .effect = "messages_sent",
        .refuse = lead_known,
        .created = told,
    };
    media_ = {
        .path = "/backend/messages/media",
        .noun = "File",
        .id_prefix = "media_",
        .named_by = "filename",
        .effect = "media_sent",
        .refuse = lead_known,
        .created = told,
    };
    const auto route = [this](const char* method, std::string_view path, auto act) {
        add_route(Route{.method = method, .path = std::string(path), .act = act});
    };
    route("PUT", std::string(leads) + "/{}", [this](const Call& call) {
        return update_lead(call);
    });
    route("POST", messages_.path, [this](const Call& call) {
        return create(messages_, call, check_body(call.request.body, messages_.wanted));
    });
    route("POST", media_.path, [this](const Call& call) { return upload(call); });
    route("GET", "/backend/messages/{}", [this](const Call& call) { return messages_of(call); });
    route("GET", "/backend/conversations", [this](const Call& call) {
        return success(200, records(call.account, messages_.path).list(), call.now);
    });
    route("GET", "/backend/status", [this](const Call& call) {
        return success(200, {{"status", "ok"}}, call.now);
    });
    route("GET", stream_path, [this](const Call& call) {
        const std::chrono::milliseconds heartbeat(heartbeat_ms_);
        Response response;
        response.stream = std::make_shared<LeavoStream>(shared(call.account), heartbeat);
        add_field(response, "Content-Type", "text/event-stream");
        add_field(response, "Cache-Control", "no-cache");
        return response;
    });
}

void Leavo::furnish(const std::string& account) {
    const std::string id = "lead_default";
    const std::string phone = "+15550000000";
    records(account, leads).add(id, phone, {{"id", id}, {"phone", phone}});
}

void Leavo::forget() {
    ResourceApi::forget();
    conversations_.clear();
}

std::shared_ptr<Conversation> Leavo::shared(const std::string& account) {
    std::shared_ptr<Conversation>& found = conversations_[account];
    if (!found) found = std::make_shared<Conversation>();
    return found;
}

Response Leavo::update_lead(const Call& call) {
    const std::string& id = call.ids.front();
    json::object* lead = records(call.account, leads).find(id);
    if (!lead) return not_found("Lead", call.now);
    const CheckedBody body = check_body(
        call.request.body,
        {{.name = "name", .required = false},
         {.name = "email", .shape = Shape::email, .required = false}}
    );
    if (!body.good()) return invalid(body, call.now);
    for (const char* field : {"name", "email"}) {
        if (body.fields.contains(field)) (*lead)[field] = body.fields.at(field);
    }
    Response response = success(200, *lead, call.now);
    response.effects = {Effect{.name = "leads_updated", .subject = id}};
    return response;
}

Response Leavo::upload(const Call& call) {
    const std::string* type = find_field(call.request.fields, "Content-Type");
    const auto parts = read_multipart(type ? *type : std::string(), call.request.body);
    CheckedBody body;
    if (!parts) body.malformed = "expected multipart/form-data with its boundary";
    bool file_given = false;
    for (const Part& part : parts.value_or(std::vector<Part>())) {
        if (part.name == "lead_id") body.fields["lead_id"] = part.bytes;
        if (part.name != "file") continue;
        file_given = true;
        body.fields["filename"] = part.filename;
        body.fields["size"] = part.bytes.size();
        body.fields["sha256"] = sha256_hex(part.bytes);
    }
    const auto missing = [&body](const char* field) {
        body.problems.push_back({.field = field, .missing = true});
    };
    if (!body.fields.contains("lead_id")) missing("lead_id");
    if (!file_given) missing("file");
    return create(media_, call, body);
}

Response Leavo::messages_of(const Call& call) {
    const std::string& lead = call.ids.front();
    if (!records(call.account, leads).find(lead)) return not_found("Lead", call.now);
    json::array own;
    for (const json::value& message : records(call.account, messages_.path).list()) {
        if (message.at("lead_id") == json::value(lead)) own.push_back(message);
    }
    return success(200, std::move(own), call.now);
}

// The stream is for browsers, whose EventSource cannot send headers.
std::string Leavo::presented_key(const Request& request) const {
    std::string key = ResourceApi::presented_key(request);
    if (!key.empty() || request.path() != stream_path) return key;
    const auto target = boost::urls::parse_origin_form(request.target);
    if (!target) return {};
    const auto parameters = target->params();
    const auto token = parameters.find("token");
    return token == parameters.end() ? std::string() : (*token).value;
}

Response Leavo::failure(
    int status, std::string_view code, std::string_view message, json::object details
) {
    json::object error{{"code", code}, {"message", message}};
    if (!details.empty()) error["details"] = std::move(details);
    return Response{
        .status = status,
        .body = json_text(json::object{{"success", false}, {"error", std::move(error)}})};
}

Response Leavo::success(int status, json::value data, Moment) {
    return Response{
        .status = status,
        .body = json_text(json::object{{"success", true}, {"data", std::move(data)}})};
}

Response Leavo::refused(Refusal refusal, const Request& request, Moment now) {
    switch (refusal) {
        case Refusal::no_route:
            return failure(404, "NOT_FOUND", "Nothing is at " + request.target);
        case Refusal::wrong_method:
            return failure(405, "METHOD_NOT_ALLOWED", request.method + " is not allowed here");
        case Refusal::restricted_key:
            return worded(403, now);
        default:
            return worded(401, now);
    }
}

Response Leavo::too_many(const Usage& usage, Moment) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(usage.reset_in).count();
    json::object details;
    if (rate_limit_form_ == "body") details["retry_after"] = seconds;
    Response response =
        failure(429, "RATE_LIMIT_EXCEEDED", "Too many requests", std::move(details));
    if (rate_limit_form_ == "header") add_field(response, "Retry-After", std::to_string(seconds));
    return response;
}

Response Leavo::worded(int status, Moment) {
    switch (status) {
        case 400:
            return failure(status, "VALIDATION_ERROR", "Invalid request data");
        case 401:
            return failure(status, "UNAUTHORIZED", "Invalid or missing API key");
        case 403:
            return failure(
                status, "FORBIDDEN", "You don't have permission to access this resource"
            );
        case 404:
            return failure(status, "NOT_FOUND", "Lead not found");
        case 409:
            return failure(
                status, "ALREADY_EXISTS", "A lead with this phone number already exists"
            );
        case 500:
            return failure(status, "INTERNAL_ERROR", "Internal server error");
        default:
            break;
    }
    std::string code = code_word(status);
    for (char& letter : code) {
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return failure(status, code, reason_phrase(status));
}

Response Leavo::not_found(std::string_view noun, Moment) {
    return failure(404, "NOT_FOUND", std::string(noun) + " not found");
}

// Only a lead's phone number is unique.
Response Leavo::taken(const Collection&, Moment now) {
    return worded(409, now);
}

Response Leavo::invalid(const CheckedBody& body, Moment) {
    constexpr std::string_view message = "Invalid request data";
    if (!body.malformed.empty()) {
        return failure(400, "VALIDATION_ERROR", message, {{"reason", body.malformed}});
    }
    const Problem& problem = body.problems.front();
    if (problem.missing) {
        return failure(400, "MISSING_FIELD", "Required field missing", {{"field", problem.field}});
    }
    return failure(
        400, "VALIDATION_ERROR", message, {{"field", problem.field}, {"reason", problem.reason}}
    );
}

void Leavo::finish(Response& response, const std::string&, Moment) {
    add_field(response, "Content-Type", "application/json");
}

void Leavo::show_own(json::object& settings) const {
    settings["rate_limit_form"] = rate_limit_form_;
    settings["heartbeat_ms"] = heartbeat_ms_;
}

std::function<void()> Leavo::read_own(JsonReader& in) {
    std::string form = rate_limit_form_;
    std::int64_t heartbeat_ms = heartbeat_ms_;
    in.choice<std::string>(
        "rate_limit_form", form, {{"body", "body"}, {"header", "header"}, {"silent", "silent"}}
    );
    in.whole("heartbeat_ms", heartbeat_ms, 10, 3'600'000);
    return [this, form, heartbeat_ms] {
        rate_limit_form_ = form;
        heartbeat_ms_ = heartbeat_ms;
    };
}

}  // namespace simulator
