// Every metric family of backstop in one place: its name, what it counts and by which labels.
// docs/METRICS.md repeats this table, and a test compares the two both ways.
//
// Labels are bounded whatever clients and upstreams do: `route` is a template of the config or
// `other`, `method` and `code` come from closed lists with `other` (proxy/metric_labels.hpp), all
// else are words of enums or of the dialect.
#pragma once

#include <span>
#include <string_view>

namespace backstop::proxy {

enum class FamilyKind {
    counter,
    gauge,
    histogram,
};

struct FamilyInfo {
    std::string_view name;
    FamilyKind kind;
    std::string_view labels;  // separated by one space, in the order of the documentation
    std::string_view help;    // one line
};

namespace families {

extern const FamilyInfo requests;
extern const FamilyInfo request_duration;
extern const FamilyInfo attempts;
extern const FamilyInfo attempt_duration;
extern const FamilyInfo retries;
extern const FamilyInfo retries_denied;
extern const FamilyInfo retry_wait;
extern const FamilyInfo retry_budget_tokens;
extern const FamilyInfo rate_limit_limit;
extern const FamilyInfo rate_limit_remaining;
extern const FamilyInfo rate_limit_reset;
extern const FamilyInfo rate_limit_observed;
extern const FamilyInfo rate_limit_used_ratio;
extern const FamilyInfo gate_closed;
extern const FamilyInfo gate_until;
extern const FamilyInfo quota_remaining;
extern const FamilyInfo quota_observed;
extern const FamilyInfo denials;
extern const FamilyInfo degraded_responses;
extern const FamilyInfo breaker_state;
extern const FamilyInfo breaker_transitions;
extern const FamilyInfo idempotency_events;
extern const FamilyInfo ambiguous_outcomes;
extern const FamilyInfo connections;
extern const FamilyInfo inflight_requests;
extern const FamilyInfo queue_depth;
extern const FamilyInfo buffer_bytes;
extern const FamilyInfo connection_failures;
extern const FamilyInfo clock_offset;
extern const FamilyInfo client_errors;
extern const FamilyInfo client_connections;
extern const FamilyInfo client_connections_limit;
extern const FamilyInfo internal_errors;
extern const FamilyInfo log_lines_dropped;
extern const FamilyInfo config_reload_successful;
extern const FamilyInfo config_reload_timestamp;
extern const FamilyInfo build_info;

// All of the above, in this order.
std::span<const FamilyInfo* const> all();

}  // namespace families
}  // namespace backstop::proxy
