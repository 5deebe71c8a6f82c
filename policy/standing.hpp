// Where we stand with one upstream right now: everything that exchanges share and change. Survives
// a reload that leaves the upstream as it is.
#pragma once

#include "policy/circuit_breaker.hpp"
#include "policy/clock_offset.hpp"
#include "policy/gate.hpp"
#include "policy/quota.hpp"
#include "policy/rate_limit.hpp"
#include "policy/retry_budget.hpp"
#include "policy/rules.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

namespace backstop::policy {

// Gate and limits of one scope for one credential.
struct LimitStanding {
    Gate gate;
    RateLimitTracker limits;
};

class Standing {
public:
    explicit Standing(const Rules& rules);

    CircuitBreaker breaker;
    RetryBudget budget;
    QuotaTracker quota;
    ClockOffset clock;

    // The standing of a scope for a credential (any hash of the Authorization value; 0 for none).
    // At most 64 credentials are kept, the least recently used is forgotten; a reference stays
    // valid until then, and one with waiters is never forgotten.
    LimitStanding& limits(std::string_view scope, std::uint64_t credential);

    // The tightest over all credentials, for gauges: visits each scope once.
    template <typename Visit>  // void(const std::string& scope, const LimitStanding&)
    void for_each(Visit visit) const {
        for (const auto& entry : entries_)
            visit(entry.scope, entry.standing);
    }

    void reconfigure(const Rules& rules);

private:
    struct Entry {
        std::string scope;
        std::uint64_t credential = 0;
        LimitStanding standing;
    };
    const Rules* rules_ = nullptr;  // only to make new entries
    std::list<Entry> entries_{};    // most recently used first
};

}  // namespace backstop::policy
