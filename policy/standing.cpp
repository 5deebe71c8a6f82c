#include "policy/standing.hpp"

#include <algorithm>

namespace backstop::policy {

namespace {

constexpr std::size_t credentials_max = 64;
constexpr Duration default_window = std::chrono::seconds(60);

// For comparison: what was once observed, but says nothing of now, is more than nothing at all.
double used(const RateLimitTracker& limits, Moment now) {
    return limits.used_ratio(now).value_or(limits.last() ? -1 : -2);
}

}  // namespace

Standing::Standing(const Rules& rules) : breaker(rules.breaker), budget(rules.retry.budget) {
    read(rules);
}

void Standing::read(const Rules& rules) {
    gate_ = rules.gate;
    windows_.clear();
    if (!rules.dialect) return;
    for (const LimitShape& shape : rules.dialect->limits)
        windows_.emplace(shape.scope, shape.window);
}

LimitStanding& Standing::limits(std::string_view scope, std::uint64_t credential) {
    auto& entries = holder(credential).entries;
    for (Entry& entry : entries)
        if (entry.scope == scope) return entry.standing;
    return entries
        .emplace_back(Entry{
            std::string(scope), LimitStanding{Gate(gate_), RateLimitTracker(window(scope))}})
        .standing;
}

Standing::Holder& Standing::holder(std::uint64_t credential) {
    const auto found = std::find_if(holders_.begin(), holders_.end(), [&](const Holder& each) {
        return each.credential == credential;
    });
    if (found != holders_.end()) {
        holders_.splice(holders_.begin(), holders_, found);
    } else {
        make_room();
        holders_.emplace_front().credential = credential;
    }
    return holders_.front();
}

// If waiters sit at every one of them, the list grows; the waiters' own bounds limit it.
void Standing::make_room() {
    for (auto each = holders_.end();
         holders_.size() >= credentials_max && each != holders_.begin();) {
        --each;
        if (!each->has_waiters()) each = holders_.erase(each);
    }
}

bool Standing::Holder::has_waiters() const {
    return std::any_of(entries.begin(), entries.end(), [](const Entry& entry) {
        return entry.standing.gate.waiting() > 0;
    });
}

Duration Standing::window(std::string_view scope) const {
    const auto found = windows_.find(scope);
    return found == windows_.end() ? default_window : found->second;
}

std::vector<Standing::Tightest> Standing::tightest(Moment now) const {
    std::vector<Tightest> found;
    for_each([&](const std::string& scope, const LimitStanding& standing) {
        auto entry = std::find_if(found.begin(), found.end(), [&](const Tightest& each) {
            return each.scope == scope;
        });
        if (entry == found.end()) {
            found.push_back({scope, &standing.gate, &standing.limits, standing.gate.waiting()});
            return;
        }
        entry->waiting += standing.gate.waiting();
        if (standing.gate.until() > entry->gate->until()) entry->gate = &standing.gate;
        if (used(standing.limits, now) > used(*entry->limits, now))
            entry->limits = &standing.limits;
    });
    return found;
}

void Standing::reconfigure(const Rules& rules) {
    read(rules);
    breaker.reconfigure(rules.breaker);
    budget.reconfigure(rules.retry.budget);
    for (Holder& each : holders_) {
        for (Entry& entry : each.entries) {
            entry.standing.gate.reconfigure(gate_);
            entry.standing.limits.reconfigure(window(entry.scope));
        }
    }
}

}  // namespace backstop::policy
