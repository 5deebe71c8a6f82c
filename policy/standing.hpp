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
#include <vector>

namespace backstop::policy {

// Gate and limits of one scope for one credential.
struct LimitStanding {
    Gate gate;
    RateLimitTracker limits;
};

class Standing {
public:
    explicit Standing(const Rules& rules);
    Standing(const Standing&) = delete;  // there is one, and others refer to what is in it
    Standing& operator=(const Standing&) = delete;

    // Public on purpose: they are only kept together here, and each guards itself.
    // NOLINTBEGIN(misc-non-private-member-variables-in-classes)
    CircuitBreaker breaker;
    RetryBudget budget;
    QuotaTracker quota;
    ClockOffset clock;
    // NOLINTEND(misc-non-private-member-variables-in-classes)

    // The standing of a scope for a credential (any hash of the Authorization value; 0 for none).
    // Where the API throttles by address, the Plan asks for 0 whoever the client is: by the rules
    // that it began with, so that no reload moves a waiter to another gate. At most 64 credentials
    // are kept, the least recently used is forgotten; a reference stays valid until then, and a
    // credential with waiters is never forgotten: so ask again after anything but a wait.
    LimitStanding& limits(std::string_view scope, std::uint64_t credential);

    // For gauges, one for each scope: of all credentials the gate that opens last, the limits of
    // which most is used, and how many wait.
    struct Tightest {
        std::string_view scope;
        const Gate* gate = nullptr;
        const RateLimitTracker* limits = nullptr;
        int waiting = 0;
    };
    std::vector<Tightest> tightest(Moment now) const;

    // Once for each scope and credential, most recently used credential first.
    template <typename Visit>  // void(const std::string& scope, const LimitStanding&)
    void for_each(Visit visit) const {
        for (const auto& holder : holders_)
            for (const auto& entry : holder.entries)
                visit(entry.scope, entry.standing);
    }

    // New rules after a reload, in force for what is open, closed, counted and queued already.
    void reconfigure(const Rules& rules);

private:
    struct Entry {
        std::string scope;
        LimitStanding standing;
    };
    struct Holder {  // of a credential
        std::uint64_t credential = 0;
        std::list<Entry> entries{};
        bool has_waiters() const;
    };
    void read(const Rules& rules);
    Holder& holder(std::uint64_t credential);
    void make_room();
    Duration window(std::string_view scope) const;

    // Of the rules, what new entries are made from.
    Gate::Options gate_{};
    std::map<std::string, Duration, std::less<>> windows_{};  // by scope
    std::list<Holder> holders_{};                             // most recently used first
};

}  // namespace backstop::policy
