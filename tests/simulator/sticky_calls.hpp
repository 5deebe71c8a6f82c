#pragma once

// Sticky Calls (caller memory for contact centres) as its error-handling guide describes it; what
// the guide leaves open follows the vendor's other public pages, and what those leave open is
// decided here:
//
// - After what bearer_api.hpp looks at come quota (402), the body (400), the call's state (409). An
//   idempotency key with another body than before gets 422.
// - Only a successful start or end uses quota; an answer brought back by its key uses none.
// - An end without a start (a stand-alone end) must name the caller; after a start it need not.
// - Each organisation has its own callers, calls, keys, window and quota.

#include "tests/simulator/bearer_api.hpp"
#include "tests/simulator/caller_memory.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace simulator {

class StickyCalls : public BearerApi {
public:
    explicit StickyCalls(std::uint64_t seed);

    void forget() override;

private:
    struct StartedCall {
        std::string customer_ref{};
        Moment start{};
        bool ended = false;
    };

    struct Organisation {
        explicit Organisation(std::uint64_t seed) : callers(seed) {}

        std::int64_t quota_used = 0;
        CallerMemory callers;
        std::unordered_map<std::string, StartedCall> calls{};
    };

    Organisation& organisation(const std::string& name);

    using Action = Response (StickyCalls::*)(Organisation&, const Request&, Moment);
    Response act(const Call& call, Action action);
    Response start(Organisation& org, const Request& request, Moment now);
    Response end(Organisation& org, const Request& request, Moment now);
    Response quota_exhausted() const;

    Response refused(Refusal refusal, const Request& request, Moment now) override;
    Response too_many(const Usage& usage, Moment now) override;
    Response worded(int status, Moment now) override;
    void finish(Response& response, const std::string& account, Moment now) override;
    void show_own(boost::json::object& settings) const override;
    std::function<void()> read_own(JsonReader& in) override;

    std::uint64_t seed_;
    std::int64_t quota_ = 10'000;  // left at the start, for each organisation
    std::map<std::string, Organisation> organisations_;
};

}  // namespace simulator
