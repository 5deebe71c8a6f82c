// Decides what one exchange does next. It performs no I/O and reads no clock: the caller carries
// out each Step and reports back what came of it. plan.cpp starts with the order of the rules.
//
// The dialogue:
//
//   step = start(now)
//   Send        make the attempt, then            step = after(outcome, now)
//   Wait        sleep until then, or less, then   step = resume(now)
//   Deliver     pass the response on; at the first byte for the client call committed(now). If a
//               response that is held until it is whole breaks before that, instead
//                                                 step = after(Failure at receive_body, now)
//   Substitute  the end: answer with a LocalAnswer
//
// Before a retry the last response is drained or its connection dropped, unless it was reported as
// `kept`: such a response stays with the caller until the next outcome, for a late Deliver.
// Destroying the Plan at any moment (the client has gone) gives back everything it holds.
#pragma once

#include "policy/classify.hpp"
#include "policy/message.hpp"
#include "policy/record.hpp"
#include "policy/retry_policy.hpp"
#include "policy/rules.hpp"
#include "policy/standing.hpp"
#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>

namespace backstop::policy {

// Send the request (again) and await the head of the response until `give_up_at`.
struct Send {
    int attempt = 1;  // counts from 1; a keep-alive race repeats the number
    Instant give_up_at{};
    bool fresh = false;  // not on a connection that has been idle for a second or more
};
// Do nothing until then. May be cut short by resume(); it answers anew.
struct Wait {
    Instant until{};  // never after the deadline; not in the future: resume at once
    WaitSource source = WaitSource::none;
    Reason reason = Reason::rate_limited;
};
// Pass on the response of the last attempt.
struct Deliver {
    Reason reason = Reason::succeeded;
    std::optional<Duration> retry_after{};  // add the header: only the body had the delay
    bool final_failure = false;  // tell the client's retry layer not to: we have, or must not
};
// Answer ourselves instead.
struct Substitute {
    Reason reason = Reason::unreachable;
    const Fallback* fallback = nullptr;  // null: an error of our own with `status`
    int status = 502;
    std::optional<Duration> retry_after{};  // true where known
    bool outcome_unknown = false;           // a write may have been acted on
    bool crowded = false;                   // the pool was full, and nobody was asked
    // What the last attempt came to, if there was one: makes Proxy-Status exact (RFC 9209 2.3).
    FailureKind failure = FailureKind::none;
    Stage stage = Stage::connect;  // of the failure
    int received_status = 0;
};
using Step = std::variant<Send, Wait, Deliver, Substitute>;

using Roll = std::function<double()>;  // uniform in [0, 1)

// What the Plan must know of a request.
struct Request {
    std::string_view method{};               // read by the constructor only
    KeySource key = KeySource::none;         // with `keyed` routes: makes it repeatable
    std::uint64_t credential = 0;            // hash of Authorization; see Standing::limits
    bool body_kept = true;                   // it can be sent again byte for byte
    std::optional<Duration> timeout_wish{};  // Backstop-Timeout; lowers the deadline only
    std::optional<int> attempts_wish{};      // Backstop-Attempts-Max; lowers only
    // What came before, for who tells the story from its middle (`explain`).
    struct Earlier {
        int attempts = 0;
        bool unknown = false;  // one was written whole, and nobody knows what became of it
    } earlier{};
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
    // Nothing came of the last Send: no connection of the pool became free in its time. That is no
    // attempt, and says nothing about the upstream. While there is time it asks to be sent again.
    Step crowded(Moment now);
    // Nothing will come of the last Send: nobody waits for it any more.
    void unsent(Moment now);

    // The first byte of a delivered response has gone to the client: nothing can follow. A usable
    // response counts for the breaker from here on, since until here it may still break.
    void committed(Moment now);
    // It broke off in the middle after that: nothing follows, but it was no whole answer.
    void broke_off(FailureKind kind);

    // The request body outgrew what is kept: this attempt is the last one.
    void body_lost() { body_kept_ = false; }
    // The process is draining: no sleep and no attempt beyond `until`. Whoever sleeps later than
    // that is woken with resume().
    void drain(Instant until) { drained_ = until; }
    // A streamed body has just been received whole: the deadline runs from here (body not kept).
    // Returns until when the attempt under way may go on.
    Instant restart_deadline(Moment now);

    Instant deadline() const { return deadline_; }
    int attempts_allowed() const { return attempts_allowed_; }
    const Record& record() const { return record_; }
    // What a waiter sleeps on: wake it when this gate's generation() changes.
    const Gate& gate() const;
    // What is known of the limit that this request falls under; an error of ours can tell it.
    const RateLimitTracker& limits() const;

private:
    // What the last attempt left us to answer with.
    struct Last {
        Reason reason = Reason::succeeded;
        Verdict verdict = Verdict::ok;
        int status = 0;                        // 0: no response head
        bool there = false;                    // the response can be delivered, ...
        bool kept = false;                     // ... even after a wait
        std::optional<Instant> delay_until{};  // where only its body said so
    };
    // Why no attempt is let through.
    struct Refusal {
        Reason reason = Reason::timeout;
        Denied denied = Denied::deadline;
        std::optional<Duration> retry_after{};
        bool crowded = false;
    };

    // Before an attempt: each gate answers nothing (go), or the step to take instead.
    Step pass_gates(Moment now);
    std::optional<Step> ask_time(Moment now);
    std::optional<Step> ask_breaker(Moment now);
    std::optional<Step> ask_gate(Moment now);
    std::optional<Step> ask_pacer(Moment now);
    Step hold(const Wait& wait, Moment now);
    Step refuse(const Refusal& refusal, Moment now);
    Step send(Moment now);
    Step attempt(Moment now);
    Instant give_up_at(Instant from) const;

    // After an attempt: who takes note of it, and what follows.
    void learn_clock(const Outcome& outcome, Moment now);
    void note_attempt(const Outcome& outcome, const Classification& meaning, Moment now);
    void note_evidence(const Outcome& outcome, const Classification& meaning);
    bool resolves_conflict(const Outcome& outcome) const;
    void note_answer(const Outcome& outcome, const Classification& meaning, Moment now);
    void tell_breaker(const Outcome& outcome, const Classification& meaning, Moment now);
    bool hurried(const Outcome& outcome, Moment now) const;
    void tell_limits(const Outcome& outcome, const Classification& meaning, Moment now);
    bool lost_race(const Outcome& outcome, Moment now) const;
    Step race(Moment now);
    RetryFacts facts(Moment now) const;
    Step decide(const Classification& meaning, Moment now);
    Step schedule(const Decision& decision, const Classification& meaning, Moment now);

    // The answer. Of last_ and a refusal by the gates there is at least one.
    Step finish(Moment now, const Refusal* refusal = nullptr);
    Substitute error_of_ours(Reason reason, const Refusal* refusal, Moment now) const;
    const Fallback* fallback_for(Reason reason) const;
    Step deliver(Moment now);
    Substitute substitute(Reason reason, const Fallback* fallback) const;
    std::optional<Duration> worth_trying_after(Moment now) const;
    // Mode `observe`: notes the step that is not to be taken, and passes on what came instead.
    Step forward(const Step& step, Moment now);
    Step send_unasked(Moment now);

    bool observing() const { return rules_.mode == Mode::observe; }
    bool draining() const { return drained_ && *drained_ < deadline_; }
    Instant end() const { return draining() ? *drained_ : deadline_; }
    LimitStanding& standing_of(std::string_view scope) const;
    std::string_view scope_of(const LimitShape& shape) const;
    void cancel_retry(Moment now);
    void abandon_ticket(Moment now);

    const Rules& rules_;
    const Route& route_;
    Standing& standing_;
    Roll roll_;

    // The request.
    const bool keyed_;       // it carries a key that the API honours
    const bool repeatable_;  // it may be sent twice without harm
    const bool writes_;
    const bool keyless_;              // nobody has given it a key
    const bool minted_;               // its key is of this exchange: sent again, it gets another
    const std::uint64_t credential_;  // whose limits: 0 for all where the API throttles by address
    const int attempts_allowed_;
    const Duration patience_;  // from the request to the deadline
    bool body_kept_;
    bool settled_ = false;  // the API has said no, and nothing will change that
    bool begun_ = false;    // the budget knows of this request

    // Where the exchange is.
    Instant deadline_;
    std::optional<Instant> drained_{};
    int made_ = 0;                 // attempts, without keep-alive races
    bool raced_ = false;           // a keep-alive race was lost
    bool fresh_ = false;           // only fresh connections from here on
    bool may_have_acted_ = false;  // an ambiguous attempt was written whole, with such a key
    bool delivering_ = false;      // the last step was Deliver, and nothing is committed
    double attempt_factor_ = 1.0;  // of the next attempts' time
    Moment sent_{};                // the last Send
    Instant give_up_{};            // and until when it may go on
    Instant ready_;                // since when the next attempt has been waiting to begin
    Duration waited_{};            // how long it did
    WaitSource wait_source_ = WaitSource::none;
    std::optional<Wait> retry_at_{};  // a retry is decided, and not before that
    std::optional<Last> last_{};
    Moment seen_;  // the present as we last heard, for the destructor

    // What it holds of what exchanges share.
    Gate::Place place_{};
    std::optional<Instant> reserved_{};  // a retry of the budget, since then
    std::optional<CircuitBreaker::Ticket> ticket_{};
    bool single_attempt_ = false;

    Record record_{};
};

}  // namespace backstop::policy
