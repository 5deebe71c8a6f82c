#include "policy/proxy_status.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace backstop::policy {
namespace {

// RFC 9209 2.3: every type that is registered.
const std::set<std::string_view> registered{
    "dns_timeout",
    "dns_error",
    "destination_not_found",
    "destination_unavailable",
    "destination_ip_prohibited",
    "destination_ip_unroutable",
    "connection_refused",
    "connection_terminated",
    "connection_timeout",
    "connection_read_timeout",
    "connection_write_timeout",
    "connection_limit_reached",
    "tls_protocol_error",
    "tls_certificate_error",
    "tls_alert_received",
    "http_request_error",
    "http_request_denied",
    "http_response_incomplete",
    "http_response_header_section_size",
    "http_response_header_size",
    "http_response_body_size",
    "http_response_trailer_section_size",
    "http_response_trailer_size",
    "http_response_transfer_coding",
    "http_response_content_coding",
    "http_response_timeout",
    "http_upgrade_failed",
    "http_protocol_error",
    "proxy_internal_response",
    "proxy_internal_error",
    "proxy_configuration_error",
    "proxy_loop_detected",
};

TEST(ProxyError, NamesTheFailure) {
    const struct {
        std::string name;
        AnswerCause cause;
        std::string_view expected;
    } rows[] = {
        {"no address", {.failure = FailureKind::resolve, .stage = Stage::resolve}, "dns_error"},
        {"no connection", {.failure = FailureKind::connect}, "destination_unavailable"},
        {"no TLS", {.failure = FailureKind::tls, .stage = Stage::handshake}, "tls_protocol_error"},
        {"write failed", {.failure = FailureKind::send}, "connection_terminated"},
        {"reset", {.failure = FailureKind::reset}, "connection_terminated"},
        {"cut", {.failure = FailureKind::truncated}, "http_response_incomplete"},
        {"no HTTP", {.failure = FailureKind::malformed}, "http_protocol_error"},
        {"unknown", {}, "destination_unavailable"},
        {"resolver too slow",
         {.reason = Reason::timeout, .failure = FailureKind::timeout, .stage = Stage::resolve},
         "dns_timeout"},
        {"connecting too slow",
         {.reason = Reason::timeout, .failure = FailureKind::timeout, .stage = Stage::connect},
         "connection_timeout"},
        {"TLS too slow",
         {.reason = Reason::timeout, .failure = FailureKind::timeout, .stage = Stage::handshake},
         "connection_timeout"},
        {"writing too slow",
         {.reason = Reason::timeout, .failure = FailureKind::timeout, .stage = Stage::send},
         "connection_write_timeout"},
        {"answer too slow",
         {.reason = Reason::timeout, .failure = FailureKind::timeout, .stage = Stage::await_head},
         "http_response_timeout"},
        {"body too slow",
         {.reason = Reason::timeout, .failure = FailureKind::timeout, .stage = Stage::receive_body},
         "connection_read_timeout"},
        {"our own deadline", {.reason = Reason::timeout}, "http_response_timeout"},
        {"the API failed", {.reason = Reason::server_error}, "destination_unavailable"},
        {"breaker", {.reason = Reason::circuit_open}, "destination_unavailable"},
        {"gate", {.reason = Reason::rate_limited}, "http_request_error"},
        {"quota", {.reason = Reason::quota_exhausted}, "http_request_error"},
        {"bad request", {.reason = Reason::bad_request, .status = 400}, "http_request_error"},
        {"not implemented", {.reason = Reason::bad_request, .status = 501}, "http_request_denied"},
        {"bug", {.reason = Reason::internal_error}, "proxy_internal_error"},
        {"draining", {.reason = Reason::draining}, "proxy_internal_response"},
        {"had succeeded", {.reason = Reason::conflict_resolved}, "proxy_internal_response"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(proxy_error(row.cause), row.expected);
    }
}

TEST(ProxyError, IsAlwaysARegisteredType) {
    AnswerCause cause;
    for (int reason = 0; reason <= static_cast<int>(Reason::client_gone); ++reason)
        for (int failure = 0; failure <= static_cast<int>(FailureKind::malformed); ++failure)
            for (int stage = 0; stage <= static_cast<int>(Stage::receive_body); ++stage) {
                cause.reason = static_cast<Reason>(reason);
                cause.failure = static_cast<FailureKind>(failure);
                cause.stage = static_cast<Stage>(stage);
                EXPECT_TRUE(registered.contains(proxy_error(cause))) << proxy_error(cause);
            }
}

TEST(ProxyStatus, IsAStructuredField) {
    AnswerCause cause;
    cause.reason = Reason::server_error;
    EXPECT_EQ(proxy_status(cause, ""), "backstop; error=destination_unavailable");
    cause.received_status = 503;
    EXPECT_EQ(
        proxy_status(cause, R"(say "no" \ ä)"),
        R"(backstop; error=destination_unavailable; received-status=503; )"
        R"(details="say \"no\" \\ ??")"
    );
}

}  // namespace
}  // namespace backstop::policy
