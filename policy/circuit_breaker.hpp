// Stops sending to an upstream that keeps failing. After a pause it lets single requests through,
// to learn whether the upstream has recovered (behaviour, section 5).
//
// Trips on `consecutive_failures`, or when at least `min_attempts` were made within `window` and
// `failure_ratio` of them failed. Open for `open`, doubling to `max_open` at each failed probe.
// Half open: one probe at a time, two successes close it. Repeatable requests are preferred as
// probes; when none came for one more open period, any request may go, as a single attempt.
// Results of attempts that began before it last opened change nothing.
#pragma once

#include "policy/time.hpp"

#include <deque>

namespace backstop::policy {

class CircuitBreaker {
public:
    struct Options {
        bool enabled = true;
        int consecutive_failures = 5;
        double failure_ratio = 0.5;
        Duration window = std::chrono::seconds(30);
        int min_attempts = 20;
        Duration open = std::chrono::seconds(5);
        Duration max_open = std::chrono::seconds(60);
    };
    enum class State {
        closed,
        open,
        half_open,
    };
    // What one attempt is allowed. `probe` attempts must be reported with the same ticket, exactly
    // once, or abandoned.
    struct Ticket {
        bool admitted = false;
        bool probe = false;
        bool single_attempt = false;  // a keyless write as probe: no retry
        Duration retry_after{};       // if refused: when it is worth trying again
        Instant begun{};
    };

    explicit CircuitBreaker(Options options) : options_(options) {}

    Ticket admit(bool repeatable, Instant now);
    void succeeded(const Ticket& ticket, Instant now);
    void failed(const Ticket& ticket, Instant now);
    void abandoned(const Ticket& ticket, Instant now);  // the attempt came to nothing: no verdict
    void extend(Duration at_least, Instant now);        // a 503's delay: stay open that long

    // `open` becomes `half_open` by time alone; asking changes nothing.
    State state(Instant now) const;
    Duration open_for(Instant now) const;  // zero unless open
    // Transitions so far, for the counter: to closed, to open, to half open.
    struct Transitions {
        unsigned long closed = 0, open = 0, half_open = 0;
    };
    const Transitions& transitions() const { return transitions_; }
    // A reload may change the options; the state stays.
    void reconfigure(Options options) { options_ = options; }

private:
    // Data members are the implementer's.
    Options options_;
    Transitions transitions_{};
};

}  // namespace backstop::policy
