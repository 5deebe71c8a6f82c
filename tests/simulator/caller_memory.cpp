#include "tests/simulator/caller_memory.hpp"

#include <boost/uuid/uuid_io.hpp>

#include <algorithm>

namespace simulator {
namespace {

constexpr std::chrono::hours day{24};

int tenths_of_line(const std::string& line_type) {
    if (line_type == "mobile") return 5;
    if (line_type == "voip") return 3;
    return 4;
}

std::string recency(std::chrono::milliseconds since) {
    if (since <= day) return "recency:1day";
    if (since <= 7 * day) return "recency:7days";
    if (since <= 30 * day) return "recency:30days";
    return {};
}

std::string id_sign(const std::string& name, const std::string& value) {
    std::string sign = "id ";
    return sign.append(name).append(" ").append(value);
}

}  // namespace

void Caller::save_intent(const std::string& name, const std::string& status) {
    auto found = std::ranges::find(intents, name, &Intent::name);
    if (found == intents.end()) {
        intents.push_back(Intent{.name = name});
        found = std::prev(intents.end());
    }
    found->status = status;
    ++found->attempt_count;
}

std::string_view Recognition::level() const {
    if (confidence >= 0.9) return "very_high";
    if (confidence >= 0.7) return "high";
    if (confidence >= 0.5) return "medium";
    return "low";
}

std::string_view Recognition::recommendation() const {
    if (confidence >= 0.5) return "reuse";
    if (confidence >= 0.3) return "confirm";
    return "ignore";
}

Recognition CallerMemory::recognise(const IdentityHints& hints, std::chrono::milliseconds now) {
    Recognition found;
    int tenths = 0;
    const auto agree = [&](Caller* candidate, int weight, const std::string& source) {
        if (!candidate || (found.caller && found.caller != candidate)) return;
        found.caller = candidate;
        found.sources.push_back(source);
        tenths += weight;
    };

    const auto known = callers_.find(hints.customer_ref);
    agree(known == callers_.end() ? nullptr : &known->second, 9, "customer_ref");
    if (!hints.ani.empty()) {
        agree(find("ani " + hints.ani), tenths_of_line(hints.line_type), "ani:" + hints.line_type);
    }
    bool one_id_agreed = false;
    for (const auto& [name, value] : hints.external_ids) {
        Caller* const candidate = find(id_sign(name, value));
        if (!candidate || one_id_agreed) continue;
        one_id_agreed = true;
        agree(candidate, 4, "external_id");
    }

    if (found.caller) {
        const std::string recent = recency(now - found.caller->last_seen);
        if (!recent.empty()) found.sources.push_back(recent);
    } else {
        found.caller = &begin(hints.customer_ref);
    }
    found.confidence = std::min(tenths, 10) / 10.0;
    found.caller->last_seen = now;
    if (!hints.ani.empty()) signs_.try_emplace("ani " + hints.ani, found.caller->ref);
    for (const auto& [name, value] : hints.external_ids) {
        signs_.try_emplace(id_sign(name, value), found.caller->ref);
    }
    return found;
}

Caller* CallerMemory::find(const std::string& sign) {
    const auto found = signs_.find(sign);
    return found == signs_.end() ? nullptr : &callers_.at(found->second);
}

// A ref that we never gave out is taken as the caller's own, so that a test may begin anywhere.
Caller& CallerMemory::begin(const std::string& ref) {
    const std::string own = ref.empty() ? to_string(new_ref_()) : ref;
    Caller& caller = callers_[own];
    caller.ref = own;
    return caller;
}

}  // namespace simulator
