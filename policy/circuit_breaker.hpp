// Stops sending to an upstream that keeps failing. After a pause it lets single requests through,
// to learn whether the upstream has recovered (behaviour, section 5).
//
// Trips on `consecutive_failures`, or when at least `min_attempts` were made within `window` and
// `failure_ratio` of them failed; only a failure trips it, never a success. Open for `open`,
// doubling to `max_open` at each failed probe. The delay of the 503 that opens it extends that, to
// five minutes at most: then one probe asks again, so that an absurd delay is not an outage.
//
// Half open: one probe at a time, two successes close it. A probe that has not ended after one open
// period, such as a slow upload, no longer keeps the next one out; its own result still counts.
// Repeatable requests are preferred as probes; when none came for one more open period, any request
// may go, as a single attempt. Results of attempts that began before it last opened change nothing.
#pragma once

#include "policy/sliding_count.hpp"
#include "policy/time.hpp"

#include <cstdint>
#include <optional>

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
    // What one attempt is allowed. An admitted attempt is reported with its ticket once: succeeded,
    // failed or abandoned; a probe always, since no other goes before, for one open period.
    struct Ticket {
        bool admitted = false;
        bool probe = false;
        bool single_attempt = false;  // a keyless write as probe: no retry
        Duration retry_after{};       // if refused: when it is worth trying again
        Instant begun{};
        std::uint64_t opening = 0;  // how often it had opened before: tells late results
    };

    explicit CircuitBreaker(Options options);

    Ticket admit(bool repeatable, Instant now);
    // Whatever is no failure is a success, a 4xx and a 429 included: somebody answered.
    void succeeded(const Ticket& ticket, Instant now);
    // `asked`: the delay of a 503. Where this failure opens it, it stays open that long at least.
    void failed(const Ticket& ticket, Instant now, Duration asked = {});
    void abandoned(const Ticket& ticket, Instant now);  // the attempt came to nothing: no verdict

    // `open` becomes `half_open` by time alone; asking changes nothing.
    State state(Instant now) const;
    Duration open_for(Instant now) const;  // zero unless open
    // Transitions so far, for the counter: to closed, to open, to half open.
    struct Transitions {
        unsigned long closed = 0, open = 0, half_open = 0;
    };
    const Transitions& transitions() const { return transitions_; }
    // A reload may change the options; the state stays, but for a window of another length.
    void reconfigure(Options options);

private:
    enum class Phase {
        closed,
        open,  // and half open, once until_ has come
    };

    Ticket refused(Duration retry_after) const;
    Ticket probe(bool repeatable, Instant now);
    void probe_ended(const Ticket& ticket);
    bool trips(Instant now) const;
    void open(Instant now, Duration asked);
    void close();

    Options options_;
    SlidingCount attempts_;
    SlidingCount failures_;
    Transitions transitions_{};
    Phase phase_ = Phase::closed;
    int consecutive_ = 0;
    std::uint64_t openings_ = 0;
    Duration period_{};  // of the current opening, before extension
    // The fields from here on have a meaning while not closed.
    Instant until_{};                         // open until then, half open from then on
    Instant any_from_{};                      // from then on any request may probe
    bool noticed_ = false;                    // that it has become half open
    std::optional<Instant> probing_since_{};  // the latest probe, while it is under way
    int successes_ = 0;
};

}  // namespace backstop::policy
