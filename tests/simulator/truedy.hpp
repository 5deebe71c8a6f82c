#pragma once

// Truedy (outbound voice calls) as its error-handling guide describes it; what the guide leaves
// open follows the vendor's other public pages, and what those leave open is decided here:
//
// - Idempotency keys are honoured where agents, tools, calls and batches of calls are created, and
//   nowhere else: not for contacts. The same key brings back the original response, whatever the
//   body is this time.
// - A creation is answered 201. Malformed JSON is 400; all that is wrong with its fields is 422,
//   with each field in details.fields; so is a call where no outbound number is assigned (setting
//   `outbound_number`).
// - Setting `billing`: active, trial_not_started, trial_expired, subscription_inactive. Nothing is
//   created (402) unless it is active. Each number called costs a credit; setting `credits`.
// - Setting `provider`: up, down. While it is down, calls get 502 and are not placed.
// - Setting `rate_limit_form`: "headers" (the guide: Retry-After and rate limit headers) or "body"
//   (also published: details.limit and details.reset_at alone). Only a 429 tells of limits.
// - Every account has an agent from the beginning, agent_default.

#include "tests/simulator/credits.hpp"
#include "tests/simulator/resource_api.hpp"

namespace simulator {

class Truedy : public ResourceApi {
public:
    explicit Truedy(std::uint64_t seed);

    void forget() override;

private:
    Response failure(
        int status,
        std::string_view code,
        std::string_view message,
        Moment now,
        boost::json::object details = {}
    );
    Response payment_required(
        std::string_view reason,
        std::string_view redirect_url,
        Moment now,
        boost::json::object more = {}
    );
    std::optional<Response> unpaid(Moment now);
    std::optional<Response> not_callable(
        const Call& call, const CheckedBody& body, std::int64_t numbers
    );
    boost::json::object meta(Moment now);

    Response refused(Refusal refusal, const Request& request, Moment now) override;
    Response too_many(const Usage& usage, Moment now) override;
    Response worded(int status, Moment now) override;
    void finish(Response& response, const std::string& account, Moment now) override;
    bool same_key_any_body() const override { return true; }
    void show_own(boost::json::object& settings) const override;
    std::function<void()> read_own(JsonReader& in) override;

    Response success(int status, boost::json::value data, Moment now) override;
    Response not_found(std::string_view noun, Moment now) override;
    Response taken(const Collection& collection, Moment now) override;
    Response invalid(const CheckedBody& body, Moment now) override;
    int created_status() const override { return 201; }
    void furnish(const std::string& account) override;

    Credits credits_;
    std::string billing_ = "active";
    std::string provider_ = "up";
    std::string rate_limit_form_ = "headers";
    bool outbound_number_ = true;
};

}  // namespace simulator
