#pragma once

// Sticky Calls (caller memory for contact centres) as its error-handling guide describes it; what
// the guide leaves open follows the vendor's other public pages, and what those leave open is
// decided here:
//
// - A request is looked at in this order: route (404, 405), key (401), rate limit (429), an
//   idempotency key used before (the stored answer, or 422 with another body), quota (402), the
//   body (400), the call's state (409).
// - Every request with a valid key counts against the rate limit, unless it is refused by it. Only
//   a successful start or end uses quota; an answer brought back by its key uses none.
// - Only successful answers are stored under an idempotency key, for 24 hours, by organisation,
//   route and key. So a request that failed may be sent again with its key.
// - An end without a start (a stand-alone end) must name the caller; after a start it need not.
// - Each organisation has its own callers, calls, keys, window and quota.

#include "tests/simulator/api.hpp"
#include "tests/simulator/caller_memory.hpp"
#include "tests/simulator/rate_window.hpp"
#include "tests/simulator/stored_answers.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace simulator {

struct Issue;

class StickyCalls : public Api {
public:
    struct Settings {
        std::string tier = "free";            // free, starter, growth, scale
        std::optional<std::int64_t> limit{};  // instead of the tier's
        std::chrono::milliseconds window = std::chrono::minutes(1);
        std::int64_t quota = 10'000;  // left at the start, for each organisation
        bool limits = true;           // false: neither rate limit nor quota
        bool conflicts = true;        // false: acts twice where the real API answers 409
        bool honour_keys = true;      // false: idempotency keys are ignored
        std::map<std::string, std::string> keys{
            {"sk_test_valid", "org_default"}};  // to organisation
        std::set<std::string> revoked{"sk_test_revoked"};

        std::int64_t base_limit() const;   // without the grace
        std::int64_t block_above() const;  // with it
    };

    explicit StickyCalls(std::uint64_t seed) : seed_(seed) {}

    Response answer(const Request& request, Moment now) override;
    Response error(int status, const Request& request, Moment now) override;
    Response rate_limited(std::chrono::seconds retry_after, const Request& request, Moment now)
        override;
    void forget() override { organisations_.clear(); }

    boost::json::object settings() const override;
    void change(const boost::json::object& settings) override;

    std::string_view idempotency_header() const override { return "X-Idempotency-Key"; }
    std::vector<std::string> effect_names() const override;

private:
    struct Call {
        std::string customer_ref{};
        Moment start{};
        bool ended = false;
    };

    struct Organisation {
        explicit Organisation(std::uint64_t seed) : callers(seed) {}

        RateWindow window{};
        std::int64_t quota_used = 0;
        CallerMemory callers;
        std::unordered_map<std::string, Call> calls{};
        StoredAnswers answers{};
    };

    Organisation& organisation(const std::string& name);
    Organisation* organisation_of(const Request& request, std::string& refusal);

    Response route(const Request& request, Moment now);
    Response act(Organisation& org, const Request& request, Moment now);
    Response start(Organisation& org, const Request& request, Moment now);
    Response end(Organisation& org, const Request& request, Moment now);
    Response blocked(Organisation& org, Moment now);
    Response quota_exhausted() const;

    // Adds the headers that every answer has.
    Response finished(Response response, const Request& request, Moment now);

    std::uint64_t seed_;
    Settings settings_;
    std::map<std::string, Organisation> organisations_;
};

}  // namespace simulator
