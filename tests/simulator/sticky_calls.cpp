#include "tests/simulator/sticky_calls.hpp"

#include "tests/simulator/digest.hpp"
#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/json_text.hpp"
#include "tests/simulator/reason_phrase.hpp"
#include "tests/simulator/sticky_calls_bodies.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view start_path = "/v1/calls/start";
constexpr std::string_view end_path = "/v1/calls/end";
constexpr std::string_view billing_account = "ba_1a2b3c4d5e6f";

Response failure(int status, std::string_view message, const json::object& more = {}) {
    json::object body{{"error", reason_phrase(status)}, {"message", message}};
    for (const auto& field : more)
        body[field.key()] = field.value();
    return Response{.status = status, .body = json_text(body)};
}

Response invalid(const std::vector<Issue>& issues) {
    json::array list;
    for (const Issue& issue : issues) {
        list.push_back(
            {{"path", json::array(issue.path.begin(), issue.path.end())},
             {"message", issue.message}}
        );
    }
    return failure(400, "Validation failed", {{"details", {{"issues", list}}}});
}

Response too_many(
    std::int64_t limit, std::int64_t usage, std::chrono::milliseconds wait, Moment now
) {
    const std::string message =
        "Rate limit exceeded for your tier. Limit: " + std::to_string(limit) + " requests/minute.";
    return failure(
        429,
        message,
        {{"retryAfter", std::chrono::ceil<std::chrono::seconds>(wait).count()},
         {"currentUsage", usage},
         {"limit", limit},
         {"resetAt", iso_time(now.wall + wait)}}
    );
}

json::object context(Caller& caller, Moment now) {
    json::array intents;
    for (const Intent& intent : caller.intents) {
        if (!intent.open()) continue;
        intents.push_back(
            {{"intent", intent.name},
             {"status", intent.status},
             {"attempt_count", intent.attempt_count}}
        );
    }
    std::erase_if(caller.variables, [now](const auto& named) {
        const Variable& variable = named.second;
        return variable.saved_at + std::chrono::seconds(variable.ttl_seconds) <= now.steady;
    });
    json::object variables;
    for (const auto& [name, variable] : caller.variables) {
        variables[name] = {
            {"value", variable.value},
            {"source", variable.source},
            {"ttl_seconds", variable.ttl_seconds}};
    }
    return {{"open_intents", intents}, {"variables", variables}};
}

// A variable is given as a bare value, or as {value, source, ttl_seconds}.
Variable variable_from(const json::value& given, Moment now) {
    Variable variable;
    variable.saved_at = now.steady;
    variable.value = given;
    const json::object* object = given.if_object();
    if (!object || !object->contains("value")) return variable;
    variable.value = object->at("value");
    if (const json::value* source = object->if_contains("source")) variable.source = *source;
    const json::value* ttl = object->if_contains("ttl_seconds");
    if (ttl && ttl->is_int64()) variable.ttl_seconds = ttl->get_int64();
    return variable;
}

}  // namespace

Response StickyCalls::answer(const Request& request, Moment now) {
    return finished(route(request, now), request, now);
}

Response StickyCalls::route(const Request& request, Moment now) {
    if (request.path() != start_path && request.path() != end_path) {
        return failure(404, "Route " + request.method + " " + request.target + " not found");
    }
    if (request.method != "POST") {
        Response response = failure(405, "Method " + request.method + " is not allowed; use POST");
        response.fields.push_back(Field{.name = "Allow", .value = "POST"});
        return response;
    }
    std::string refusal;
    Organisation* org = organisation_of(request, refusal);
    if (!org) return failure(401, refusal);
    if (settings_.limits) {
        if (org->window.usage(now.steady, settings_.window) >= settings_.block_above()) {
            return blocked(*org, now);
        }
        org->window.add(now.steady);
    }

    const std::string* key = find_field(request.fields, idempotency_header());
    if (!key || key->empty() || !settings_.honour_keys) return act(*org, request, now);
    const std::string scoped = std::string(request.path()) + " " + *key;
    const std::string digest = sha256_hex(request.body);
    if (const StoredAnswer* stored = org->answers.find(scoped, now.steady)) {
        if (stored->body_digest != digest) {
            return failure(
                422,
                "X-Idempotency-Key '" + *key + "' was already used with a different request body"
            );
        }
        return Response{.status = stored->status, .body = stored->body, .note = "replayed"};
    }
    Response response = act(*org, request, now);
    if (response.status < 300) {
        org->answers.store(
            scoped,
            StoredAnswer{
                .at = now.steady,
                .body_digest = digest,
                .status = response.status,
                .body = response.body}
        );
    }
    return response;
}

Response StickyCalls::act(Organisation& org, const Request& request, Moment now) {
    if (settings_.limits && org.quota_used >= settings_.quota) return quota_exhausted();
    Response response =
        request.path() == start_path ? start(org, request, now) : end(org, request, now);
    if (settings_.limits && response.status < 300) ++org.quota_used;
    return response;
}

Response StickyCalls::start(Organisation& org, const Request& request, Moment now) {
    std::vector<Issue> issues;
    const StartBody body = read_start(request.body, issues);
    if (!issues.empty()) return invalid(issues);
    if (settings_.conflicts && org.calls.contains(body.call_id)) {
        return failure(409, "Call with call_id '" + body.call_id + "' already exists");
    }
    const Recognition found = org.callers.recognise(body.hints, now.steady);
    org.calls[body.call_id] = Call{.customer_ref = found.caller->ref, .start = now};
    json::object answer{
        {"call_id", body.call_id},
        {"customer_ref", found.caller->ref},
        {"call_start", iso_time(now.wall)},
        {"identity",
         {{"confidence", found.confidence},
          {"level", found.level()},
          {"sources", json::array(found.sources.begin(), found.sources.end())},
          {"recommendation", found.recommendation()}}}};
    for (const auto& field : context(*found.caller, now))
        answer[field.key()] = field.value();
    return Response{
        .body = json_text(answer),
        .effects = {Effect{.name = "calls_started", .subject = body.call_id}}};
}

Response StickyCalls::end(Organisation& org, const Request& request, Moment now) {
    std::vector<Issue> issues;
    EndBody body = read_end(request.body, issues);
    const auto known = org.calls.find(body.call_id);
    if (issues.empty() && known == org.calls.end() && body.hints.empty()) {
        issues.push_back(Issue{
            .path = {"customer_ref"},
            .message = "customer_ref or identity_hints is required to end a call that was not "
                       "started"});
    }
    if (!issues.empty()) return invalid(issues);
    Call call{.start = now};
    if (known != org.calls.end()) call = known->second;
    if (settings_.conflicts && call.ended) {
        return failure(409, "Call '" + body.call_id + "' has already been ended");
    }
    if (body.hints.empty()) body.hints.customer_ref = call.customer_ref;
    Caller& caller = *org.callers.recognise(body.hints, now.steady).caller;
    for (const auto& given : body.variables) {
        caller.variables[given.key()] = variable_from(given.value(), now);
    }
    if (!body.intent.empty()) caller.save_intent(body.intent, body.intent_status);
    call.customer_ref = caller.ref;
    call.ended = true;
    org.calls[body.call_id] = call;
    const auto duration =
        std::chrono::floor<std::chrono::seconds>(now.steady - call.start.steady).count();
    const json::object answer{
        {"call_id", body.call_id},
        {"customer_ref", caller.ref},
        {"call_start", iso_time(call.start.wall)},
        {"call_end", iso_time(now.wall)},
        {"duration_seconds", duration},
        {"intents_updated", body.intent.empty() ? 0 : 1},
        {"variables_updated", body.variables.size()}};
    return Response{
        .body = json_text(answer),
        .effects = {Effect{.name = "calls_ended", .subject = body.call_id}}};
}

Response StickyCalls::blocked(Organisation& org, Moment now) {
    return too_many(
        settings_.base_limit(),
        org.window.usage(now.steady, settings_.window) + 1,
        org.window.until_oldest_leaves(now.steady, settings_.window),
        now
    );
}

Response StickyCalls::quota_exhausted() const {
    return failure(
        402,
        "Monthly quota exhausted. Your account has 0 API calls remaining.",
        {{"quota_remaining", 0}, {"billing_account_id", billing_account}}
    );
}

Response StickyCalls::rate_limited(
    std::chrono::seconds retry_after, const Request& request, Moment now
) {
    const std::int64_t usage = settings_.block_above() + 1;
    return finished(too_many(settings_.base_limit(), usage, retry_after, now), request, now);
}

Response StickyCalls::error(int status, const Request& request, Moment now) {
    if (status == 429) return rate_limited(std::chrono::seconds(30), request, now);
    Response response = failure(status, "An unexpected error occurred. Please try again.");
    if (status == 400) response = invalid({Issue{.message = "Invalid request"}});
    if (status == 401) response = failure(status, "Invalid or missing API key");
    if (status == 402) response = quota_exhausted();
    if (status == 403) response = failure(status, "Access to this resource is forbidden");
    if (status == 404) response = failure(status, "Resource not found");
    if (status == 409) response = failure(status, "Call already exists");
    return finished(response, request, now);
}

Response StickyCalls::finished(Response response, const Request& request, Moment now) {
    std::string refusal;
    Organisation* org = organisation_of(request, refusal);
    const std::int64_t limit = settings_.base_limit();
    std::int64_t usage = 0;
    std::int64_t used = 0;
    if (org && settings_.limits) {
        usage = org->window.usage(now.steady, settings_.window);
        used = org->quota_used;
    }
    const auto add = [&response](std::string_view name, const std::string& value) {
        response.fields.push_back(Field{.name = std::string(name), .value = value});
    };
    add("Content-Type", "application/json; charset=utf-8");
    add("X-RateLimit-Limit", std::to_string(limit));
    add("X-RateLimit-Remaining", std::to_string(std::max<std::int64_t>(0, limit - usage)));
    add("X-Quota-Remaining", std::to_string(std::max<std::int64_t>(0, settings_.quota - used)));
    return response;
}

// nullptr, and why, where the request has no valid key.
StickyCalls::Organisation* StickyCalls::organisation_of(
    const Request& request, std::string& refusal
) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string* authorization = find_field(request.fields, "Authorization");
    refusal = "Invalid or missing API key";
    if (!authorization || !authorization->starts_with(scheme)) return nullptr;
    const std::string key = authorization->substr(scheme.size());
    if (settings_.revoked.contains(key)) {
        refusal = "API key has been revoked";
        return nullptr;
    }
    const auto found = settings_.keys.find(key);
    return found == settings_.keys.end() ? nullptr : &organisation(found->second);
}

StickyCalls::Organisation& StickyCalls::organisation(const std::string& name) {
    const auto found = organisations_.find(name);
    if (found != organisations_.end()) return found->second;
    const std::uint64_t seed = seed_ + organisations_.size();
    return organisations_.try_emplace(name, seed).first->second;
}

std::vector<std::string> StickyCalls::effect_names() const {
    return {"calls_started", "calls_ended"};
}

}  // namespace simulator
