// The vocabulary of what can happen between us and an upstream. Views only: whoever fills these in
// keeps the bytes alive for the duration of the call they are passed to.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <variant>

namespace backstop::policy {

struct Field {
    std::string_view name;
    std::string_view value;  // without surrounding white space
};

// ASCII only, whatever the locale: names of fields and the like (RFC 9110 5.1).
bool equal_ignoring_case(std::string_view left, std::string_view right);

// The value of the first field of that name (compared without case), or nothing.
std::optional<std::string_view> find_header(std::span<const Field> fields, std::string_view name);

// True where HTTP itself calls the method idempotent (RFC 9110 9.2.2): GET, HEAD, OPTIONS, PUT,
// DELETE. Methods are case-sensitive (RFC 9110 9.1). TRACE never gets here.
bool is_repeatable_method(std::string_view method);

// How far an attempt got before it broke. `send` begins with the first request byte handed to the
// kernel; before it, repeating is safe whatever the method.
enum class Stage {
    resolve,
    connect,
    handshake,
    send,
    await_head,
    receive_body,
};

// What broke. The words are the metric label `failure`.
enum class FailureKind {
    none,
    resolve,    // no address for the host
    connect,    // refused, unreachable, or no connection in time
    tls,        // handshake or certificate
    send,       // the request could not be written
    reset,      // reset, or closed before the head of the response
    timeout,    // no response head in time
    truncated,  // closed within the response
    malformed,  // not HTTP/1.1, or a response that must not be trusted
};
std::string_view word(FailureKind kind);
std::optional<FailureKind> failure_from(std::string_view word);

struct Failure {
    Stage stage = Stage::connect;
    FailureKind kind = FailureKind::connect;
    bool reused = false;        // on a kept-alive connection, so perhaps only stale
    bool written_any = false;   // at least one request byte was handed to the kernel
    bool written_all = false;   // the whole request was
    bool answered_any = false;  // at least one response byte came
    std::error_code cause{};    // for the log
};

struct ResponseHead {
    int status = 0;
    std::span<const Field> fields{};
    // A bounded, decoded copy of the beginning of an error body (B section 4); empty if it was not
    // looked at.
    std::string_view body{};
    bool kept = false;        // whole, in memory, and kept: it can be delivered even after a Wait
    bool written_all = true;  // false: it came before the whole request was written
    bool reused = false;      // on a kept-alive connection
};

// What one attempt came to.
using Outcome = std::variant<ResponseHead, Failure>;

}  // namespace backstop::policy
