#include "tests/simulator/truedy.hpp"

#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/json_text.hpp"
#include "tests/simulator/reason_phrase.hpp"

#include <boost/json.hpp>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view agents = "/api/public/v1/agents";
constexpr std::string_view billing_page = "/settings/billing";

}  // namespace

Truedy::Truedy(std::uint64_t seed)
    : ResourceApi(
          Traits{
              .tiers = {{"standard", 100}},
              .key_prefix = "truedy_",
              .restricted_keys = true,
              .idempotency_header = "X-Idempotency-Key",
              .effects =
                  {"agents_created",
                   "tools_created",
                   "calls_placed",
                   "batches_created",
                   "contacts_created"}},
          seed
      ) {
    const auto paid = [this](const Call& call, const CheckedBody&) { return unpaid(call.now); };
    serve({
        .path = agents,
        .noun = "Agent",
        .id_prefix = "agent_",
        .wanted = {{"name"}},
        .named_by = "name",
        .effect = "agents_created",
        .keyed = true,
        .refuse = paid,
    });
    serve({
        .path = "/api/public/v1/tools",
        .noun = "Tool",
        .id_prefix = "tool_",
        .wanted = {{"name"}},
        .named_by = "name",
        .effect = "tools_created",
        .keyed = true,
        .refuse = paid,
    });
    serve({
        .path = "/api/public/v1/contacts",
        .noun = "Contact",
        .id_prefix = "contact_",
        .wanted =
            {{"name"},
             {"phone_number", Shape::phone},
             {.name = "email", .shape = Shape::email, .required = false}},
        .named_by = "phone_number",
        .effect = "contacts_created",
        .refuse = paid,
    });
    serve({
        .path = "/api/public/v1/calls",
        .noun = "Call",
        .id_prefix = "call_",
        .wanted = {{"agent_id"}, {"to_number", Shape::phone}},
        .named_by = "to_number",
        .effect = "calls_placed",
        .keyed = true,
        .refuse = [this](
                      const Call& call, const CheckedBody& body
                  ) { return not_callable(call, body, 1); },
        .created =
            [this](const Call& call, json::object& record, std::vector<Effect>&) {
                credits_.spend(call.account, 1);
                record["status"] = "queued";
            },
    });
    const auto numbers = [](const json::object& fields) -> const json::array& {
        return fields.at("to_numbers").get_array();
    };
    serve({
        .path = "/api/public/v1/batch-calls",
        .noun = "Batch",
        .id_prefix = "batch_",
        .wanted = {{"name"}, {"agent_id"}, {"to_numbers", Shape::phones}},
        .named_by = "name",
        .effect = "batches_created",
        .keyed = true,
        .refuse =
            [this, numbers](const Call& call, const CheckedBody& body) {
                return not_callable(
                    call, body, static_cast<std::int64_t>(numbers(body.fields).size())
                );
            },
        .created =
            [this, numbers](const Call& call, json::object& record, std::vector<Effect>& effects) {
                for (const json::value& number : numbers(record)) {
                    credits_.spend(call.account, 1);
                    effects.push_back(
                        {.name = "calls_placed", .subject = std::string(number.get_string())}
                    );
                }
                record["status"] = "queued";
            },
    });
}

void Truedy::furnish(const std::string& account) {
    const std::string id = "agent_default";
    records(account, agents).add(id, "Default", {{"id", id}, {"name", "Default"}});
}

void Truedy::forget() {
    ResourceApi::forget();
    credits_.forget();
}

std::optional<Response> Truedy::unpaid(Moment now) {
    if (!limits() || billing_ == "active") return std::nullopt;
    const bool may_begin = billing_ == "trial_not_started";
    return payment_required(billing_, may_begin ? "/onboarding/trial" : billing_page, now);
}

std::optional<Response> Truedy::not_callable(
    const Call& call, const CheckedBody& body, std::int64_t numbers
) {
    if (auto refusal = unpaid(call.now)) return refusal;
    if (auto unknown = unless_known(call, body, "agent_id", agents, "Agent")) return unknown;
    if (!outbound_number_) {
        return failure(422, "validation_error", "No outbound number is assigned", call.now);
    }
    const std::int64_t balance = credits_.balance(call.account);
    if (limits() && balance < numbers) {
        return payment_required(
            "insufficient_credits",
            billing_page,
            call.now,
            {{"balance", balance}, {"required", numbers}}
        );
    }
    if (provider_ == "down") return worded(502, call.now);
    return std::nullopt;
}

json::object Truedy::meta(Moment now) {
    return {{"request_id", new_id("req_")}, {"ts", iso_time(now.wall)}};
}

Response Truedy::failure(
    int status, std::string_view code, std::string_view message, Moment now, json::object details
) {
    json::object error{{"code", code}, {"message", message}};
    if (!details.empty()) error["details"] = std::move(details);
    return Response{
        .status = status,
        .body = json_text(json::object{{"error", std::move(error)}, {"meta", meta(now)}})};
}

Response Truedy::payment_required(
    std::string_view reason, std::string_view redirect_url, Moment now, json::object more
) {
    json::object details{{"reason", reason}, {"redirect_url", redirect_url}};
    for (const auto& field : more)
        details[field.key()] = field.value();
    return failure(402, "payment_required", "Payment required", now, std::move(details));
}

Response Truedy::success(int status, json::value data, Moment now) {
    return Response{
        .status = status,
        .body = json_text(json::object{{"data", std::move(data)}, {"meta", meta(now)}})};
}

Response Truedy::refused(Refusal refusal, const Request& request, Moment now) {
    switch (refusal) {
        case Refusal::no_route:
            return failure(404, "not_found", "No resource at " + request.target, now);
        case Refusal::wrong_method:
            return failure(405, code_word(405), request.method + " is not allowed here", now);
        case Refusal::restricted_key:
            return worded(403, now);
        default:
            return worded(401, now);
    }
}

Response Truedy::too_many(const Usage& usage, Moment now) {
    const bool in_headers = rate_limit_form_ == "headers";
    const auto reset_at = now.wall + usage.reset_in;
    json::object details;
    if (!in_headers) details = {{"limit", usage.limit}, {"reset_at", iso_time(reset_at)}};
    Response response =
        failure(429, "rate_limit_exceeded", "Rate limit exceeded", now, std::move(details));
    if (!in_headers) return response;
    const auto seconds = [](auto duration) {
        return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
    };
    add_field(response, "Retry-After", seconds(usage.reset_in));
    add_field(response, "X-RateLimit-Limit", std::to_string(usage.limit));
    add_field(response, "X-RateLimit-Remaining", "0");
    add_field(response, "X-RateLimit-Reset", seconds(reset_at.time_since_epoch()));
    return response;
}

Response Truedy::worded(int status, Moment now) {
    switch (status) {
        case 400:
            return failure(status, code_word(status), "Malformed body or query", now);
        case 401:
            return failure(status, "unauthorized", "Missing or invalid API key", now);
        case 402:
            return payment_required("subscription_inactive", billing_page, now);
        case 403:
            return failure(status, "forbidden", "This key may not do that", now);
        case 404:
            return failure(status, "not_found", "Resource not found", now);
        case 422:
            return failure(status, "validation_error", "Validation failed", now);
        case 500:
            return failure(status, "internal_error", "Internal server error", now);
        case 502:
            return failure(status, "provider_error", "The telephony provider failed", now);
        default:
            return failure(status, code_word(status), reason_phrase(status), now);
    }
}

Response Truedy::not_found(std::string_view noun, Moment now) {
    return failure(404, "not_found", std::string(noun) + " not found", now);
}

// Nothing here is unique, so that nobody asks.
Response Truedy::taken(const Collection&, Moment now) {
    return worded(409, now);
}

Response Truedy::invalid(const CheckedBody& body, Moment now) {
    if (!body.malformed.empty()) {
        return failure(400, code_word(400), "Malformed body: " + body.malformed, now);
    }
    json::array fields;
    for (const Problem& problem : body.problems)
        fields.push_back({{"field", problem.field}, {"message", problem.reason}});
    return failure(
        422, "validation_error", "Validation failed", now, {{"fields", std::move(fields)}}
    );
}

void Truedy::finish(Response& response, const std::string&, Moment) {
    add_field(response, "Content-Type", "application/json");
}

void Truedy::show_own(json::object& settings) const {
    settings["credits"] = credits_.at_the_start();
    settings["billing"] = billing_;
    settings["provider"] = provider_;
    settings["rate_limit_form"] = rate_limit_form_;
    settings["outbound_number"] = outbound_number_;
}

std::function<void()> Truedy::read_own(JsonReader& in) {
    std::string billing = billing_;
    std::string provider = provider_;
    std::string form = rate_limit_form_;
    bool outbound_number = outbound_number_;
    in.choice<std::string>(
        "billing",
        billing,
        {{"active", "active"},
         {"trial_not_started", "trial_not_started"},
         {"trial_expired", "trial_expired"},
         {"subscription_inactive", "subscription_inactive"}}
    );
    in.choice<std::string>("provider", provider, {{"up", "up"}, {"down", "down"}});
    in.choice<std::string>("rate_limit_form", form, {{"headers", "headers"}, {"body", "body"}});
    in.flag("outbound_number", outbound_number);
    const std::function<void()> change_credits = credits_.read(in);
    return [=, this] {
        billing_ = billing;
        provider_ = provider;
        rate_limit_form_ = form;
        outbound_number_ = outbound_number;
        change_credits();
    };
}

}  // namespace simulator
