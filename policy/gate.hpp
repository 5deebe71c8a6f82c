// The shared "do not send before" of a rate limit. A 429 closes it until the hinted time, for
// everyone: the later of old and new. A success of a request begun after the 429 opens it early. If
// it stays closed for longer than 60 s, one repeatable request a minute may try, so that one absurd
// hint is not an outage. Waiters queue and leave spaced, not as a herd (behaviour, section 5).
//
// A waiter holds a Place. Its `until` is the earliest moment at which it may ask again; when the
// gate opens early, `generation()` changes, and whoever keeps the waiters wakes them to ask again.
#pragma once

#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <cstdint>
#include <optional>

namespace backstop::policy {

class Gate {
public:
    struct Options {
        bool enabled = true;
        int queue = 100;                                  // waiters at once
        Duration trial_after = std::chrono::seconds(60);  // closed for longer: one try per this
    };
    enum class Kind {
        rate,
        concurrency,
    };
    struct Place {
        std::uint64_t number = 0;  // 0: none
    };
    struct Answer {
        enum class What {
            go,
            wait,
            refuse
        } what = What::go;
        Instant until{};              // wait: ask again then; refuse: when it opens
        std::optional<Denied> why{};  // refuse: queue or deadline
        bool trial = false;           // go, although closed
    };

    explicit Gate(Options options) : options_(options) {}

    // May this request go now? With `place` the asker says that it already queues; on `wait` it is
    // filled in. A wait that would not leave by `latest` is refused at once.
    Answer ask(bool repeatable, Place& place, Instant latest, Instant now);
    void leave(Place& place, Instant now);  // a waiter gives up

    // A 429 that came in at `now` for a request begun at `begun`.
    void close(Instant until, Kind kind, Instant now);
    void succeeded(Instant begun, Instant now);

    bool closed(Instant now) const;
    Instant until() const;
    Kind kind() const;
    int waiting() const;
    std::uint64_t generation() const;
    void reconfigure(Options options) { options_ = options; }

private:
    Options options_;
};

}  // namespace backstop::policy
