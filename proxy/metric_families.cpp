#include "proxy/metric_families.hpp"

#include <array>

namespace backstop::proxy::families {

using enum FamilyKind;

const FamilyInfo requests{
    "backstop_requests_total",
    counter,
    "upstream route method code outcome",
    "Client requests, counted when their answer ended; code is what the client got, 499 if it left "
    "before."};
const FamilyInfo request_duration{
    "backstop_request_duration_seconds",
    histogram,
    "upstream route",
    "Time from the request head to the last byte of the answer, waits and retries included."};
const FamilyInfo attempts{
    "backstop_upstream_attempts_total",
    counter,
    "upstream route code failure",
    "Attempts at the upstream by response status (none: no head came) and by what broke."};
const FamilyInfo attempt_duration{
    "backstop_upstream_attempt_duration_seconds",
    histogram,
    "upstream",
    "Time of one attempt, from taking or opening a connection to its outcome."};
const FamilyInfo retries{
    "backstop_retries_total",
    counter,
    "upstream route reason",
    "Retries that were made, by the reason of the outcome that led to them."};
const FamilyInfo retries_denied{
    "backstop_retries_denied_total",
    counter,
    "upstream reason",
    "Exchanges that ended although their outcome called for another attempt, by what forbade it."};
const FamilyInfo retry_wait{
    "backstop_retry_wait_seconds",
    histogram,
    "upstream source",
    "Planned wait before a retry, by where its length came from."};
const FamilyInfo retry_budget_tokens{
    "backstop_retry_budget_tokens",
    gauge,
    "upstream",
    "Retries that the retry budget would grant right now."};
const FamilyInfo rate_limit_limit{
    "backstop_rate_limit_limit",
    gauge,
    "upstream scope",
    "Requests that the API allows in one window, as last observed; of several credentials the "
    "tightest."};
const FamilyInfo rate_limit_remaining{
    "backstop_rate_limit_remaining",
    gauge,
    "upstream scope",
    "Requests that are left in the window, as last observed."};
const FamilyInfo rate_limit_reset{
    "backstop_rate_limit_reset_timestamp_seconds",
    gauge,
    "upstream scope",
    "When the observed window ends, by our clock."};
const FamilyInfo rate_limit_observed{
    "backstop_rate_limit_observed_timestamp_seconds",
    gauge,
    "upstream scope",
    "When the API last told its limit."};
const FamilyInfo rate_limit_used_ratio{
    "backstop_rate_limit_used_ratio",
    gauge,
    "upstream scope",
    "Used share of the limit while the observed window runs; above 1 in a grace zone."};
const FamilyInfo gate_closed{
    "backstop_gate_closed",
    gauge,
    "upstream scope kind",
    "1 while a rate limit holds requests back."};
const FamilyInfo gate_until{
    "backstop_gate_until_timestamp_seconds",
    gauge,
    "upstream scope kind",
    "When the closed gate opens; absent while it is open."};
const FamilyInfo quota_remaining{
    "backstop_quota_remaining",
    gauge,
    "upstream",
    "What is left of the paid plan, as last observed."};
const FamilyInfo quota_observed{
    "backstop_quota_observed_timestamp_seconds",
    gauge,
    "upstream",
    "When the API last told what is left of the paid plan."};
const FamilyInfo denials{
    "backstop_denials_total",
    counter,
    "upstream class reason",
    "Answers of the API that a retry cannot help: 401 auth, 402 payment, 403 forbidden, 409 "
    "conflict; a plan that is used up is payment with any status."};
const FamilyInfo degraded_responses{
    "backstop_degraded_responses_total",
    counter,
    "upstream route reason",
    "Fallbacks that were served instead of an answer of the API."};
const FamilyInfo breaker_state{
    "backstop_breaker_state",
    gauge,
    "upstream state",
    "1 for the state that the circuit breaker is in."};
const FamilyInfo breaker_transitions{
    "backstop_breaker_transitions_total",
    counter,
    "upstream to",
    "Changes of the circuit breaker's state."};
const FamilyInfo idempotency_events{
    "backstop_idempotency_events_total",
    counter,
    "upstream event",
    "Idempotency keys added or passed on, and requests answered, joined or refused by the local "
    "store."};
const FamilyInfo ambiguous_outcomes{
    "backstop_ambiguous_outcomes_total",
    counter,
    "upstream route resolution",
    "Writes of which it was not known whether the API had acted, by what became of them."};
const FamilyInfo connections{
    "backstop_connections",
    gauge,
    "upstream state",
    "Connections to the upstream; busy ones include those being opened."};
const FamilyInfo inflight_requests{
    "backstop_inflight_requests", gauge, "upstream", "Client requests that are being worked on."};
const FamilyInfo queue_depth{
    "backstop_queue_depth",
    gauge,
    "upstream",
    "Requests that wait at the gate or for a connection."};
const FamilyInfo buffer_bytes{
    "backstop_buffer_bytes", gauge, "upstream", "Bytes of request bodies kept for resending."};
const FamilyInfo connection_failures{
    "backstop_connection_failures_total",
    counter,
    "upstream stage reused",
    "Upstream connections that failed, by how far they had got."};
const FamilyInfo clock_offset{
    "backstop_clock_offset_seconds",
    gauge,
    "upstream",
    "The upstream's clock minus ours, learned from Date."};
const FamilyInfo client_errors{
    "backstop_client_errors_total",
    counter,
    "kind",
    "Requests refused before they reached a route, and clients that were too slow or kept "
    "waiting."};
const FamilyInfo client_connections{
    "backstop_client_connections", gauge, "", "Open connections from clients."};
const FamilyInfo client_connections_limit{
    "backstop_client_connections_limit",
    gauge,
    "",
    "How many connections from clients are allowed: limits.client_connections, or fewer for lack "
    "of "
    "descriptors."};
const FamilyInfo internal_errors{
    "backstop_internal_errors_total",
    counter,
    "",
    "Exceptions that nobody planned: bugs of backstop, caught at the session."};
const FamilyInfo log_lines_dropped{
    "backstop_log_lines_dropped_total",
    counter,
    "",
    "Log lines dropped because the reader of standard output was too slow, or gone."};
const FamilyInfo config_reload_successful{
    "backstop_config_last_reload_successful",
    gauge,
    "",
    "1 if the last load of the configuration succeeded; 0: the old one is in force."};
const FamilyInfo config_reload_timestamp{
    "backstop_config_last_reload_success_timestamp_seconds",
    gauge,
    "",
    "When a configuration was last loaded with success."};
const FamilyInfo build_info{
    "backstop_build_info", gauge, "version revision", "Always 1; its labels tell what is running."};

std::span<const FamilyInfo* const> all() {
    static constexpr std::array table{
        &requests,
        &request_duration,
        &attempts,
        &attempt_duration,
        &retries,
        &retries_denied,
        &retry_wait,
        &retry_budget_tokens,
        &rate_limit_limit,
        &rate_limit_remaining,
        &rate_limit_reset,
        &rate_limit_observed,
        &rate_limit_used_ratio,
        &gate_closed,
        &gate_until,
        &quota_remaining,
        &quota_observed,
        &denials,
        &degraded_responses,
        &breaker_state,
        &breaker_transitions,
        &idempotency_events,
        &ambiguous_outcomes,
        &connections,
        &inflight_requests,
        &queue_depth,
        &buffer_bytes,
        &connection_failures,
        &clock_offset,
        &client_errors,
        &client_connections,
        &client_connections_limit,
        &internal_errors,
        &log_lines_dropped,
        &config_reload_successful,
        &config_reload_timestamp,
        &build_info,
    };
    return table;
}

}  // namespace backstop::proxy::families
