#pragma once

// Who called before, and what was saved about them. A caller is found again by any of the hints
// given earlier; the more and the better hints agree, the surer the match. The weights are those of
// the API's published guidance (mobile 0.5, an external id 0.4); where it gives none, ours.

#include "tests/simulator/api.hpp"

#include <boost/json/value.hpp>
#include <boost/uuid/random_generator.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace simulator {

struct IdentityHints {
    std::string ani{};
    std::string customer_ref{};
    std::map<std::string, std::string> external_ids{};
    std::string line_type = "unknown";

    bool empty() const { return ani.empty() && customer_ref.empty() && external_ids.empty(); }
};

struct Variable {
    boost::json::value value{};
    boost::json::value source{};
    std::int64_t ttl_seconds = 30 * 24 * 3600;
    std::chrono::milliseconds saved_at{};
};

struct Intent {
    std::string name{};
    std::string status{};
    std::int64_t attempt_count = 0;

    bool open() const { return status != "resolved" && status != "abandoned"; }
};

struct Caller {
    std::string ref{};
    std::chrono::milliseconds last_seen{};
    std::map<std::string, Variable> variables{};
    std::vector<Intent> intents{};

    void save_intent(const std::string& name, const std::string& status);
};

struct Recognition {
    Caller* caller = nullptr;  // never null: an unknown caller is a new one
    double confidence = 0;
    std::vector<std::string> sources{};

    std::string_view level() const;
    std::string_view recommendation() const;
};

class CallerMemory {
public:
    explicit CallerMemory(std::uint64_t seed) : random_(seed), new_ref_(random_) {}

    // Finds or begins the caller, and remembers the hints for the next time.
    Recognition recognise(const IdentityHints& hints, std::chrono::milliseconds now);

private:
    Caller* find(const std::string& sign);
    Caller& begin(const std::string& ref);

    std::mt19937_64 random_;
    boost::uuids::basic_random_generator<std::mt19937_64> new_ref_;
    std::unordered_map<std::string, Caller> callers_;     // by ref; their addresses are stable
    std::unordered_map<std::string, std::string> signs_;  // "ani +1…" or "id crm 7" to ref
};

}  // namespace simulator
