// An answer is built in three layers: what it says (a sentence for a person, a code for a program),
// the API's envelope around it, and the fields that tell who answered and why. Envelope, codes and
// extra fields come from the dialect; a dialect without an envelope gets RFC 9457's.
#include "policy/local_answer.hpp"

#include "policy/proxy_status.hpp"
#include "policy/status.hpp"

#include <chrono>

namespace backstop::policy {
namespace {

constexpr int too_many_requests = 429;
constexpr int service_unavailable = 503;
constexpr int method_not_allowed = 405;
constexpr int internal_server_error = 500;
constexpr int error_min = 400;

constexpr std::string_view problem_type = "application/problem+json";
constexpr std::string_view problem_body = R"({
    "type": "about:blank",
    "title": "{{error.phrase}}",
    "status": "{{error.status}}",
    "detail": "{{error.message}}",
    "instance": "{{error.id?}}"
})";

// What we forward; TRACE and CONNECT are what a 405 or 501 of ours is about.
constexpr std::string_view allowed_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

std::string name_of(const Rules& rules) {
    if (rules.dialect && !rules.dialect->title.empty()) return rules.dialect->title;
    return rules.upstream.empty() ? "The API" : rules.upstream;
}

std::string unreachable(const std::string& name, FailureKind failure) {
    switch (failure) {
        case FailureKind::resolve:
            return name + " could not be reached: its host name has no address.";
        case FailureKind::tls:
            return name + " could not be reached: the TLS handshake failed.";
        case FailureKind::send:
        case FailureKind::reset:
            return name + " closed the connection without an answer.";
        case FailureKind::truncated:
            return name + " broke off in the middle of its answer.";
        case FailureKind::malformed:
            return name + " sent an answer that is not valid HTTP.";
        case FailureKind::connect:
        case FailureKind::timeout:
        case FailureKind::none:
            break;
    }
    return name + " could not be reached.";
}

std::string failed(const std::string& name, int received_status) {
    if (received_status == 0) return name + " failed.";
    return name + " failed with status " + std::to_string(received_status) + ".";
}

std::string sentence(const std::string& name, const Substitute& substitute) {
    if (substitute.crowded)
        return "All connections of the pool to " + name + " are in use, and none became free.";
    switch (substitute.reason) {
        case Reason::unreachable:
            return unreachable(name, substitute.failure);
        case Reason::timeout:
            return name + " did not answer in time.";
        case Reason::server_error:
            return failed(name, substitute.received_status);
        case Reason::rate_limited:
            return "The rate limit of " + name + " is used up.";
        case Reason::quota_exhausted:
            return "The quota of " + name + " is used up.";
        case Reason::circuit_open:
            return name + " keeps failing; nothing is sent to it for the moment.";
        case Reason::conflict_resolved:
            return "An earlier attempt of this request had already succeeded.";
        case Reason::draining:
            return "backstop is shutting down.";
        case Reason::bad_request:
            return "The request cannot be forwarded.";
        case Reason::internal_error:
            return "backstop failed on this request.";
        case Reason::succeeded:
        case Reason::rejected:
        case Reason::client_gone:
            break;
    }
    return name + " gave no usable answer.";
}

std::int64_t whole_seconds(Duration duration) {
    return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

std::string advice(const std::string& name, const Substitute& substitute) {
    if (substitute.outcome_unknown)
        return " The request was sent, and " + name +
               " may have acted on it: its outcome is unknown.";
    if (!substitute.retry_after) return {};
    const std::int64_t seconds = whole_seconds(*substitute.retry_after);
    return " Try again in " + std::to_string(seconds) + (seconds == 1 ? " second." : " seconds.");
}

std::string code_for(const LocalErrorShape& shape, int status) {
    const auto found = shape.codes.find(status);
    return found == shape.codes.end() ? shape.default_code : found->second;
}

TemplateValues values_of(const LocalContext& context, std::optional<Duration> retry_after) {
    TemplateValues values;
    values.request_body = context.request_body;
    values.now = context.now.wall;
    values.error_id = context.id;
    values.retry_after = retry_after;
    if (context.limit == nullptr) return values;
    values.limit = context.limit->limit;
    values.remaining = context.limit->remaining;
    values.used = context.limit->used;
    if (!values.used && values.limit && values.remaining)
        values.used = *values.limit - *values.remaining;
    return values;
}

void add_envelope(LocalAnswer& answer, const LocalErrorShape& shape, const TemplateValues& values) {
    const auto special = shape.bodies.find(answer.status);
    const JsonTemplate& body = special == shape.bodies.end() ? shape.body : special->second;
    answer.content_type = body.empty() ? problem_type : shape.content_type;
    answer.body =
        body.empty() ? JsonTemplate::parse(problem_body).render(values) : body.render(values);
}

// The fields that this API's callers read to learn how long to wait. One without a value is left
// out: an empty number breaks whoever parses it.
void add_delay_fields(LocalAnswer& answer, const LocalErrorShape& shape, TemplateValues values) {
    if (answer.status != too_many_requests && answer.status != service_unavailable) return;
    if (answer.status != too_many_requests) {
        // A breaker of ours knows nothing of the API's window.
        values.limit = values.remaining = values.used = std::nullopt;
        values.of_window = false;
    }
    for (const auto& [name, text] : shape.headers) {
        std::string value = render_text(text, values);
        if (!value.empty()) answer.fields.emplace_back(name, std::move(value));
    }
}

void add_own_fields(
    LocalAnswer& answer,
    const AnswerCause& cause,
    std::string_view details,
    std::string_view outcome,
    std::optional<Duration> retry_after
) {
    answer.fields.emplace_back("Proxy-Status", proxy_status(cause, details));
    answer.fields.emplace_back("Backstop-Outcome", outcome);
    answer.fields.emplace_back("Backstop-Reason", word(cause.reason));
    answer.fields.emplace_back("Cache-Control", "no-store");
    if (answer.status < error_min) return;
    if (retry_after)
        answer.fields.emplace_back("Retry-After", std::to_string(whole_seconds(*retry_after)));
    for (const auto& [name, value] : no_client_retry)
        answer.fields.emplace_back(name, value);
}

LocalAnswer error_answer(
    const Rules& rules,
    const AnswerCause& cause,
    const std::string& message,
    std::optional<Duration> retry_after,
    const LocalContext& context
) {
    const LocalErrorShape plain;
    const LocalErrorShape& shape = rules.dialect ? rules.dialect->local_error : plain;
    const std::string code = code_for(shape, cause.status);
    TemplateValues values = values_of(context, retry_after);
    values.error_status = cause.status;
    values.error_phrase = reason_phrase(cause.status);
    values.error_code = code;
    values.error_message = message;

    LocalAnswer answer;
    answer.status = cause.status;
    add_envelope(answer, shape, values);
    add_own_fields(answer, cause, message, "local_error", retry_after);
    add_delay_fields(answer, shape, values);
    return answer;
}

}  // namespace

LocalAnswer answer(const Rules& rules, const Substitute& substitute, const LocalContext& context) {
    const std::string name = name_of(rules);
    const std::string message = sentence(name, substitute) + advice(name, substitute);
    AnswerCause cause;
    cause.reason = substitute.reason;
    cause.status = substitute.status;
    cause.failure = substitute.failure;
    cause.stage = substitute.stage;
    cause.received_status = substitute.received_status;
    cause.crowded = substitute.crowded;
    if (substitute.fallback == nullptr)
        return error_answer(rules, cause, message, substitute.retry_after, context);

    cause.status = substitute.fallback->status;
    LocalAnswer answer;
    answer.status = cause.status;
    answer.content_type = substitute.fallback->content_type;
    answer.body = substitute.fallback->body.render(values_of(context, substitute.retry_after));
    add_own_fields(answer, cause, message, "fallback", substitute.retry_after);
    return answer;
}

LocalAnswer refuse(
    const Rules& rules, int status, std::string_view detail, const LocalContext& context
) {
    AnswerCause cause;
    cause.status = status;
    cause.reason = status == internal_server_error ? Reason::internal_error : Reason::bad_request;
    LocalAnswer answer = error_answer(rules, cause, std::string(detail), std::nullopt, context);
    if (status == method_not_allowed) answer.fields.emplace_back("Allow", allowed_methods);
    return answer;
}

}  // namespace backstop::policy
