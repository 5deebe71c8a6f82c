// Decides what one exchange does next. It performs no I/O and reads no clock: the caller carries
// out each Step and reports back what came of it. plan.cpp starts with the order of the rules.
#pragma once

#include "policy/classify.hpp"
#include "policy/message.hpp"
#include "policy/rules.hpp"
#include "policy/standing.hpp"
#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace backstop::policy {

// Send the request (again) and await the head of the response until `give_up_at`.
struct Send {
    int attempt = 1;  // counts from 1; a keep-alive race repeats the number
    Instant give_up_at{};
    bool fresh = false;  // not on a connection that has been idle for a second or more
};
// Do nothing until then. May be cut short by resume(); it answers anew.
struct Wait {
    Instant until{};
    WaitSource source = WaitSource::none;
    Reason reason = Reason::rate_limited;
};
// Pass on the response of the last attempt.
struct Deliver {
    Reason reason = Reason::succeeded;
    std::optional<Duration> retry_after{};  // add the header: only the body had the delay
    bool final_failure = false;             // we have retried: tell the client's retry layer not to
};
// Answer ourselves instead.
struct Substitute {
    Reason reason = Reason::unreachable;
    const Fallback* fallback = nullptr;  // null: an error of our own with `status`
    int status = 502;
    std::optional<Duration> retry_after{};  // true where known
    bool outcome_unknown = false;           // a write may have been acted on
    // What the last attempt came to, if there was one: makes Proxy-Status exact (RFC 9209 2.3).
    FailureKind failure = FailureKind::none;
    Stage stage = Stage::connect;  // of the failure
    int received_status = 0;
};
using Step = std::variant<Send, Wait, Deliver, Substitute>;

using Roll = std::function<double()>;  // uniform in [0, 1)

// What the Plan must know of a request.
struct Request {
    std::string_view method{};
    KeySource key = KeySource::none;         // with `keyed` routes: makes it repeatable
    std::uint64_t credential = 0;            // hash of Authorization; see Standing::limits
    bool body_kept = true;                   // it can be sent again byte for byte
    std::optional<Duration> timeout_wish{};  // Backstop-Timeout; lowers the deadline only
    std::optional<int> attempts_wish{};      // Backstop-Attempts-Max; lowers only
};

// What happened in one attempt, for log, metrics and explain.
struct AttemptRecord {
    int number = 1;
    int status = 0;  // 0: no response head
    FailureKind failure = FailureKind::none;
    Stage stage = Stage::connect;  // of the failure
    bool reused = false;
    Duration took{};
    Duration waited{};                          // before this attempt
    WaitSource wait_source = WaitSource::none;  // of that wait
    Verdict verdict = Verdict::ok;
    Evidence evidence = Evidence::definite;
    std::string rule{};  // name of the dialect's rule that matched
};
struct RetryRecord {
    Reason reason;  // of the outcome that led to it
    WaitSource source;
    Duration wait;  // planned
};
// The whole story of one exchange.
struct Record {
    std::vector<AttemptRecord> attempts{};
    std::vector<RetryRecord> retries{};
    std::optional<Denied> denied{};
    std::string error_code{};  // the API's, of the last error answer
    std::string request_id{};
    std::string quota_reason{};  // closed list of the dialect, or "other"; 402 only
    enum class Ambiguous {
        none,
        retried,
        resolved,
        unknown
    } ambiguous = Ambiguous::none;
    int counted_attempts() const;  // without keep-alive races: what Backstop-Attempts says
};

class Plan {
public:
    // `rules`, `route` and `standing` outlive the Plan. The deadline runs from `now`.
    Plan(
        const Rules& rules,
        const Route& route,
        Standing& standing,
        const Request& request,
        Moment now,
        Roll roll
    );
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;
    ~Plan();  // gives back what it holds: a place in a queue, a probe, a reserved retry

    Step start(Moment now);                          // nothing has been sent yet
    Step after(const Outcome& outcome, Moment now);  // an attempt has ended
    Step resume(Moment now);                         // a wait has ended, or was cut short

    // The request body outgrew what is kept: this attempt is the last one.
    void body_lost();
    // The process is draining: no sleep beyond `until`.
    void drain(Instant until);
    // A streamed body has just been received whole: the deadline runs from here (body not kept).
    void restart_deadline(Moment now);

    // The held response broke in mid-body before the commit point: after() with a Failure at
    // Stage::receive_body. Nothing else may follow Deliver or Substitute.
    Instant deadline() const;
    const Record& record() const { return record_; }
    // What a waiter sleeps on: wake it when this gate's generation() changes.
    const Gate& gate() const;

private:
    // Data members are the implementer's.
    Record record_{};
};

}  // namespace backstop::policy
