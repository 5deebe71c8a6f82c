#include "tests/simulator/sticky_calls.hpp"

#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/json_text.hpp"
#include "tests/simulator/reason_phrase.hpp"
#include "tests/simulator/sticky_calls_bodies.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace simulator {
namespace {

namespace json = boost::json;

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

StickyCalls::StickyCalls(std::uint64_t seed)
    : BearerApi(
          Traits{
              .tiers = {{"free", 100}, {"starter", 600}, {"growth", 3'000}, {"scale", 10'000}},
              .window = RateWindow::Kind::rolling,
              .grace_percent = 10,
              .key_prefix = "sk_",
              .conflicts = true,
              .idempotency_header = "X-Idempotency-Key",
              .effects = {"calls_started", "calls_ended"}},
          seed
      ),
      seed_(seed) {
    const auto route = [this](std::string_view path, Action action) {
        add_route(Route{
            .method = "POST",
            .path = std::string(path),
            .keyed = true,
            .act = [this, action](const Call& call) { return act(call, action); }});
    };
    route("/v1/calls/start", &StickyCalls::start);
    route("/v1/calls/end", &StickyCalls::end);
}

void StickyCalls::forget() {
    BearerApi::forget();
    organisations_.clear();
}

Response StickyCalls::act(const Call& call, Action action) {
    Organisation& org = organisation(call.account);
    if (limits() && org.quota_used >= quota_) return quota_exhausted();
    Response response = (this->*action)(org, call.request, call.now);
    if (limits() && response.status < 300) ++org.quota_used;
    return response;
}

Response StickyCalls::start(Organisation& org, const Request& request, Moment now) {
    std::vector<Issue> issues;
    const StartBody body = read_start(request.body, issues);
    if (!issues.empty()) return invalid(issues);
    if (conflicts() && org.calls.contains(body.call_id)) {
        return failure(409, "Call with call_id '" + body.call_id + "' already exists");
    }
    const Recognition found = org.callers.recognise(body.hints, now.steady);
    org.calls[body.call_id] = StartedCall{.customer_ref = found.caller->ref, .start = now};
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
    StartedCall call{.start = now};
    if (known != org.calls.end()) call = known->second;
    if (conflicts() && call.ended) {
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

Response StickyCalls::quota_exhausted() const {
    return failure(
        402,
        "Monthly quota exhausted. Your account has 0 API calls remaining.",
        {{"quota_remaining", 0}, {"billing_account_id", billing_account}}
    );
}

Response StickyCalls::refused(Refusal refusal, const Request& request, Moment) {
    const std::string* key = find_field(request.fields, idempotency_header());
    switch (refusal) {
        case Refusal::no_route:
            return failure(404, "Route " + request.method + " " + request.target + " not found");
        case Refusal::wrong_method:
            return failure(405, "Method " + request.method + " is not allowed; use POST");
        case Refusal::revoked_key:
            return failure(401, "API key has been revoked");
        case Refusal::key_reused:
            return failure(
                422,
                "X-Idempotency-Key '" + *key + "' was already used with a different request body"
            );
        default:
            return failure(401, "Invalid or missing API key");
    }
}

Response StickyCalls::too_many(const Usage& usage, Moment now) {
    const std::string message =
        "Rate limit exceeded for your tier. Limit: " + std::to_string(usage.limit) +
        " requests/minute.";
    return failure(
        429,
        message,
        {{"retryAfter", std::chrono::ceil<std::chrono::seconds>(usage.reset_in).count()},
         {"currentUsage", usage.used + 1},
         {"limit", usage.limit},
         {"resetAt", iso_time(now.wall + usage.reset_in)}}
    );
}

Response StickyCalls::worded(int status, Moment) {
    if (status == 400) return invalid({Issue{.message = "Invalid request"}});
    if (status == 401) return failure(status, "Invalid or missing API key");
    if (status == 402) return quota_exhausted();
    if (status == 403) return failure(status, "Access to this resource is forbidden");
    if (status == 404) return failure(status, "Resource not found");
    if (status == 409) return failure(status, "Call already exists");
    return failure(status, "An unexpected error occurred. Please try again.");
}

void StickyCalls::finish(Response& response, const std::string& account, Moment now) {
    const Usage usage = usage_of(account, now);
    const std::int64_t used = account.empty() || !limits() ? 0 : organisation(account).quota_used;
    add_field(response, "Content-Type", "application/json; charset=utf-8");
    add_field(response, "X-RateLimit-Limit", std::to_string(usage.limit));
    add_field(response, "X-RateLimit-Remaining", std::to_string(usage.remaining()));
    add_field(
        response, "X-Quota-Remaining", std::to_string(std::max<std::int64_t>(0, quota_ - used))
    );
}

void StickyCalls::show_own(json::object& settings) const {
    settings["quota"] = quota_;
}

std::function<void()> StickyCalls::read_own(JsonReader& in) {
    std::int64_t quota = quota_;
    const bool given = in.whole("quota", quota, 0, 1'000'000'000);
    return [this, quota, given] {
        quota_ = quota;
        if (!given) return;
        for (auto& [name, organisation] : organisations_)
            organisation.quota_used = 0;
    };
}

StickyCalls::Organisation& StickyCalls::organisation(const std::string& name) {
    const auto found = organisations_.find(name);
    if (found != organisations_.end()) return found->second;
    const std::uint64_t seed = seed_ + organisations_.size();
    return organisations_.try_emplace(name, seed).first->second;
}

}  // namespace simulator
