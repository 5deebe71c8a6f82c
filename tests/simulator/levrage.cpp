#include "tests/simulator/levrage.hpp"

#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/json_text.hpp"
#include "tests/simulator/reason_phrase.hpp"

#include <boost/json.hpp>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view agents = "/v1/agents";
constexpr std::string_view calls = "/v1/calls";
constexpr std::string_view campaigns = "/v1/campaigns";

// Rounded up: whoever waits until then is let in.
std::string epoch(std::chrono::system_clock::time_point time) {
    const auto since_1970 = time.time_since_epoch();
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(since_1970).count());
}

}  // namespace

Levrage::Levrage(std::uint64_t seed)
    : ResourceApi(
          Traits{
              .tiers = {{"free", 60}, {"pro", 300}, {"enterprise", 3'000}},
              .key_prefix = "lev_",
              .restricted_keys = true,
              .conflicts = true,
              .effects = {"agents_created", "calls_placed", "campaigns_created"}},
          seed
      ) {
    add_route(Route{
        .method = "GET", .path = "/v1/health", .open = true, .act = [this](const Call& call) {
            return success(200, {{"status", "ok"}}, call.now);
        }});
    const auto agent_known = [this](const Call& call, const CheckedBody& body) {
        return unless_known(call, body, "agent_id", agents, "Agent");
    };
    serve({
        .path = agents,
        .noun = "Agent",
        .id_prefix = "agent_",
        .wanted = {{"name"}},
        .named_by = "name",
        .effect = "agents_created",
        .unique = true,
    });
    serve({
        .path = calls,
        .noun = "Call",
        .id_prefix = "call_",
        .wanted = {{"agent_id"}, {"phone_number", Shape::phone}},
        .named_by = "phone_number",
        .effect = "calls_placed",
        .refuse = [this, agent_known](const Call& call, const CheckedBody& body)
            -> std::optional<Response> {
            if (auto unknown = agent_known(call, body)) return unknown;
            if (!limits() || credits_.balance(call.account) > 0) return std::nullopt;
            return failure(402, "quota_exceeded", "Insufficient credits", call.now);
        },
        .created =
            [this](const Call& call, json::object& record, std::vector<Effect>&) {
                credits_.spend(call.account, 1);
                record["status"] = "queued";
            },
    });
    serve({
        .path = campaigns,
        .noun = "Campaign",
        .id_prefix = "campaign_",
        .wanted = {{"name"}, {"agent_id"}},
        .named_by = "name",
        .effect = "campaigns_created",
        .refuse = agent_known,
    });
}

void Levrage::furnish(const std::string& account) {
    const std::string id = "agent_default";
    records(account, agents).add(id, "Default", {{"id", id}, {"name", "Default"}});
}

void Levrage::forget() {
    ResourceApi::forget();
    credits_.forget();
    addresses_.clear();
}

Response Levrage::answer(const Request& request, Moment now) {
    const auto known = addresses_.find(request.address);
    if (known == addresses_.end() || known->second.throttled_until <= now.steady) {
        return ResourceApi::answer(request, now);
    }
    const auto reset_in = known->second.throttled_until - now.steady;
    const std::string account = account_of(request);
    Response response =
        too_many({.limit = usage_of(account, now).limit, .used = 0, .reset_in = reset_in}, now);
    response.note = "throttled by address";
    finish(response, account, now);
    return response;
}

void Levrage::on_breach(const Request& request, Moment now) {
    Standing& standing = addresses_[request.address];
    standing.breaches.add(now.steady);
    if (standing.breaches.usage(now.steady, window()) < throttle_after_) return;
    standing.throttled_until = now.steady + std::chrono::milliseconds(throttle_ms_);
}

Response Levrage::failure(int status, std::string_view code, std::string_view message, Moment now) {
    return Response{
        .status = status,
        .body = json_text(json::object{
            {"success", false},
            {"error", {{"code", code}, {"message", message}}},
            {"request_id", new_id("req_")},
            {"timestamp", iso_time(now.wall)}})};
}

Response Levrage::success(int status, json::value data, Moment now) {
    return Response{
        .status = status,
        .body = json_text(json::object{
            {"success", true},
            {"data", std::move(data)},
            {"request_id", new_id("req_")},
            {"timestamp", iso_time(now.wall)}})};
}

Response Levrage::refused(Refusal refusal, const Request& request, Moment now) {
    switch (refusal) {
        case Refusal::no_route:
            return failure(404, "not_found", "Route not found: " + request.target, now);
        case Refusal::wrong_method:
            return failure(405, code_word(405), request.method + " is not allowed here", now);
        case Refusal::no_key:
            return Response{
                .status = 401, .body = json_text(json::object{{"detail", "Not authenticated"}})};
        case Refusal::restricted_key:
            return worded(403, now);
        default:
            return worded(401, now);
    }
}

Response Levrage::too_many(const Usage& usage, Moment now) {
    Response response = failure(429, "rate_limited", "Too many requests — back off and retry", now);
    add_field(response, "X-RateLimit-Limit", std::to_string(usage.limit));
    add_field(response, "X-RateLimit-Remaining", "0");
    add_field(response, "X-RateLimit-Reset", epoch(now.wall + usage.reset_in));
    return response;
}

Response Levrage::worded(int status, Moment now) {
    switch (status) {
        case 400:
            return failure(status, "validation_error", "Malformed JSON", now);
        case 401:
            return failure(status, "authentication_error", "Invalid or expired API key", now);
        case 402:
            return failure(status, "quota_exceeded", "Insufficient credits", now);
        case 403:
            return failure(
                status, code_word(status), "API key lacks permission for this resource", now
            );
        case 404:
            return failure(status, "not_found", "Agent not found", now);
        case 409:
            return failure(status, "validation_error", "Agent name is already in use", now);
        case 422:
            return failure(status, "validation_error", "phone_number must be E.164 format", now);
        case 502:
            return failure(
                status, "provider_error", "Upstream service temporarily unavailable", now
            );
        case 503:
            return failure(status, code_word(status), "System under maintenance", now);
        case 504:
            return failure(status, code_word(status), "Request took too long", now);
        default:
            return failure(status, code_word(status), reason_phrase(status), now);
    }
}

Response Levrage::not_found(std::string_view noun, Moment now) {
    return failure(404, "not_found", std::string(noun) + " not found", now);
}

Response Levrage::taken(const Collection& collection, Moment now) {
    const std::string name = std::string(collection.noun) + " " + std::string(collection.named_by);
    return failure(409, "validation_error", name + " is already in use", now);
}

Response Levrage::invalid(const CheckedBody& body, Moment now) {
    if (!body.malformed.empty()) {
        return failure(400, "validation_error", "Malformed JSON: " + body.malformed, now);
    }
    const Problem& problem = body.problems.front();
    return failure(problem.missing ? 400 : 422, "validation_error", problem.reason, now);
}

void Levrage::finish(Response& response, const std::string& account, Moment now) {
    const Usage usage = usage_of(account, now);
    add_field(response, "Content-Type", "application/json");
    add_field(response, "X-RateLimit-Limit", std::to_string(usage.limit));
    add_field(response, "X-RateLimit-Remaining", std::to_string(usage.remaining()));
    add_field(response, "X-RateLimit-Reset", epoch(now.wall + usage.reset_in));
}

void Levrage::show_own(json::object& settings) const {
    settings["credits"] = credits_.at_the_start();
    settings["throttle_after"] = throttle_after_;
    settings["throttle_ms"] = throttle_ms_;
}

std::function<void()> Levrage::read_own(JsonReader& in) {
    constexpr std::int64_t most = 1'000'000'000;
    std::int64_t after = throttle_after_;
    std::int64_t ms = throttle_ms_;
    in.whole("throttle_after", after, 1, most);
    in.whole("throttle_ms", ms, 1, most);
    const std::function<void()> change_credits = credits_.read(in);
    return [this, after, ms, change_credits] {
        throttle_after_ = after;
        throttle_ms_ = ms;
        change_credits();
    };
}

}  // namespace simulator
