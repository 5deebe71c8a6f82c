#include "policy/proxy_status.hpp"

namespace backstop::policy {
namespace {

std::string_view of_timeout(Stage stage) {
    switch (stage) {
        case Stage::resolve:
            return "dns_timeout";
        case Stage::connect:
        case Stage::handshake:
            return "connection_timeout";
        case Stage::send:
            return "connection_write_timeout";
        case Stage::receive_body:
            return "connection_read_timeout";
        case Stage::await_head:
            break;
    }
    return "http_response_timeout";
}

std::string_view of_failure(FailureKind failure, Stage stage) {
    switch (failure) {
        case FailureKind::resolve:
            return "dns_error";
        case FailureKind::tls:
            return "tls_protocol_error";
        case FailureKind::send:
        case FailureKind::reset:
            return "connection_terminated";
        case FailureKind::timeout:
            return of_timeout(stage);
        case FailureKind::truncated:
            return "http_response_incomplete";
        case FailureKind::malformed:
            return "http_protocol_error";
        case FailureKind::connect:
        case FailureKind::none:
            break;
    }
    return "destination_unavailable";
}

bool is_client_error(int status) {
    return status >= 400 && status <= 499;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c >= ' ' && c <= '~' ? c : '?';
    }
    return out + '"';
}

}  // namespace

std::string_view proxy_error(const AnswerCause& cause) {
    if (cause.crowded) return "connection_limit_reached";
    switch (cause.reason) {
        case Reason::unreachable:
            return of_failure(cause.failure, cause.stage);
        case Reason::timeout:
            // Also of our own deadline, which is about the response whatever stage was reached.
            return cause.failure == FailureKind::none ? "http_response_timeout"
                                                      : of_failure(cause.failure, cause.stage);
        case Reason::server_error:
        case Reason::circuit_open:
            return "destination_unavailable";
        case Reason::rate_limited:
        case Reason::quota_exhausted:
            return "http_request_error";
        case Reason::bad_request:
            return is_client_error(cause.status) ? "http_request_error" : "http_request_denied";
        case Reason::internal_error:
            return "proxy_internal_error";
        case Reason::succeeded:
        case Reason::rejected:
        case Reason::conflict_resolved:
        case Reason::draining:
        case Reason::client_gone:
            break;
    }
    return "proxy_internal_response";
}

std::string proxy_status(const AnswerCause& cause, std::string_view details) {
    std::string out = "backstop; error=";
    out += proxy_error(cause);
    if (cause.received_status != 0)
        out += "; received-status=" + std::to_string(cause.received_status);
    if (!details.empty()) out += "; details=" + quoted(details);
    return out;
}

}  // namespace backstop::policy
