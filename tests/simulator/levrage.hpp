#pragma once

// Levrage (voice agents, calls and campaigns) as its error-handling guide describes it. What the
// guide leaves open is decided here:
//
// - A creation is answered 200, not 201: the guide's own client takes nothing else for a success.
// - Malformed JSON and missing fields are 400, present but invalid ones 422, a taken agent name
// 409;
//   all three are a validation_error, the only such word that the guide has. Its words for 403, 429
//   and 5xx are not told, but for 502 provider_error they are the reason phrases.
// - A request without a bearer key gets 401 as {"detail": "..."}, an invalid key in the envelope.
// - A call costs a credit; without credits it gets quota_exceeded with 402, a status that the guide
//   does not tell.
// - "Exceeding rate limits repeatedly may result in temporary IP-level throttling": after
//   `throttle_after` refusals within a window every request from that address gets 429, whatever
//   its key, until `throttle_ms` have passed.
// - No idempotency: a key that a client sends is not looked at.
// - Every account has an agent from the beginning, agent_default.

#include "tests/simulator/credits.hpp"
#include "tests/simulator/resource_api.hpp"

#include <map>

namespace simulator {

class Levrage : public ResourceApi {
public:
    explicit Levrage(std::uint64_t seed);

    Response answer(const Request& request, Moment now) override;
    void forget() override;

private:
    struct Standing {  // of one address
        RateWindow breaches{RateWindow::Kind::rolling};
        std::chrono::milliseconds throttled_until{};
    };

    Response failure(int status, std::string_view code, std::string_view message, Moment now);

    Response refused(Refusal refusal, const Request& request, Moment now) override;
    Response too_many(const Usage& usage, Moment now) override;
    Response worded(int status, Moment now) override;
    void finish(Response& response, const std::string& account, Moment now) override;
    void on_breach(const Request& request, Moment now) override;
    void show_own(boost::json::object& settings) const override;
    std::function<void()> read_own(JsonReader& in) override;

    Response success(int status, boost::json::value data, Moment now) override;
    Response not_found(std::string_view noun, Moment now) override;
    Response taken(const Collection& collection, Moment now) override;
    Response invalid(const CheckedBody& body, Moment now) override;
    int created_status() const override { return 200; }
    void furnish(const std::string& account) override;

    Credits credits_;
    std::int64_t throttle_after_ = 10;
    std::int64_t throttle_ms_ = 300'000;
    std::map<std::string, Standing> addresses_;
};

}  // namespace simulator
