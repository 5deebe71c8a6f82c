#pragma once

// Leavo (leads and conversations) as its error-handling guide describes it; what the guide leaves
// open follows the vendor's other public pages, and what those leave open is decided here:
//
// - A creation is answered 201. A phone number belongs to one lead (409 ALREADY_EXISTS).
// - Only the first thing that is wrong with a body is told, in details.field: MISSING_FIELD, or
//   VALIDATION_ERROR with details.reason.
// - Media come as multipart/form-data with the fields lead_id and file; the answer tells the file's
//   size and SHA-256 as they arrived.
// - /backend/conversations/stream takes the key as ?token= too. It tells each message as it is
// sent,
//   and a heartbeat after `heartbeat_ms` (30 s) of silence.
// - Setting `rate_limit_form`: "body" (the guide: details.retry_after), "header" (also published:
//   Retry-After) or "silent" (neither: the guide's own client then waits for 60 s). Only a 429
//   tells of limits.
// - No idempotency: a key that a client sends is not looked at.
// - Every account has a lead from the beginning, lead_default.

#include "tests/simulator/leavo_stream.hpp"
#include "tests/simulator/resource_api.hpp"

#include <map>
#include <memory>

namespace simulator {

class Leavo : public ResourceApi {
public:
    explicit Leavo(std::uint64_t seed);

    void forget() override;

private:
    Response failure(
        int status,
        std::string_view code,
        std::string_view message,
        boost::json::object details = {}
    );
    Response update_lead(const Call& call);
    Response upload(const Call& call);
    Response messages_of(const Call& call);
    Conversation& conversation(const std::string& account) { return *shared(account); }
    std::shared_ptr<Conversation> shared(const std::string& account);

    Response refused(Refusal refusal, const Request& request, Moment now) override;
    Response too_many(const Usage& usage, Moment now) override;
    Response worded(int status, Moment now) override;
    void finish(Response& response, const std::string& account, Moment now) override;
    std::string presented_key(const Request& request) const override;
    void show_own(boost::json::object& settings) const override;
    std::function<void()> read_own(JsonReader& in) override;

    Response success(int status, boost::json::value data, Moment now) override;
    Response not_found(std::string_view noun, Moment now) override;
    Response taken(const Collection& collection, Moment now) override;
    Response invalid(const CheckedBody& body, Moment now) override;
    int created_status() const override { return 201; }
    void furnish(const std::string& account) override;

    Collection messages_;
    Collection media_;
    std::map<std::string, std::shared_ptr<Conversation>> conversations_;
    std::string rate_limit_form_ = "body";
    std::int64_t heartbeat_ms_ = 30'000;
};

}  // namespace simulator
