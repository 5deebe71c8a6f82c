// The shared "do not send before" of a rate limit. A 429 closes it until the hinted time, for
// everyone: the later of old and new. A success of a request begun after the 429 opens it early,
// and so does any other judgement of the API's, such as a 400: a limit in force would have answered
// 429. If it stays closed for longer than 60 s, one repeatable request a minute may try, so that
// one absurd hint is not an outage. Waiters queue and leave spaced, not as a herd (behaviour,
// section 5).
//
// The queue is a row of `queue` seats, 10 ms apart or less: the whole row within one second. Who
// has to wait takes the first free seat, its Place; seat k leaves k spacings after the gate has
// opened, whenever that is. So nobody leaves before, the release is spread however late the gate
// was closed again, and there are never more waiters than seats. Who comes to an open gate goes at
// once, past those who still wait for their turn: an arrival of its own is no herd.
//
// A waiter's `until` is the earliest moment at which it may ask again; when the gate opens early,
// `generation()` changes, and whoever keeps the waiters wakes them to ask again.
#pragma once

#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <cstdint>
#include <optional>
#include <vector>

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
        std::uint64_t number = 0;  // seat + 1; 0: none
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
    // filled in, otherwise it is given back. A wait that would not leave by `latest` is refused at
    // once.
    Answer ask(bool repeatable, Place& place, Instant latest, Instant now);
    void leave(Place& place, Instant now);  // a waiter gives up

    // A 429 that came in at `now`, with the moment until which nothing is to be sent. A limit on
    // concurrency knows no such moment: there the gate closes for 5 s, doubling to 60 s each time
    // it happens again before a success, for longer only up to these 60 s if `until` says so.
    void close(Instant until, Kind kind, Instant now);
    // A success of a request begun at `begun`; opens the gate if that was after the last 429.
    void succeeded(Instant begun, Instant now);
    // The API has judged such a request for what it is, and said no. This opens a rate limit; one
    // on concurrency may let pass what it refuses before it takes a place, so there it tells
    // nothing.
    void rejected(Instant begun, Instant now);

    bool closed(Instant now) const { return now < until_; }
    // When it opens, or did; the epoch of the clock if it has never been closed.
    Instant until() const { return until_; }
    Kind kind() const { return kind_; }  // of the 429 that set `until`
    int waiting() const { return waiting_; }
    std::uint64_t generation() const { return generation_; }
    void reconfigure(Options options);

private:
    bool after_last_429(Instant begun) const { return refused_at_ && begun > *refused_at_; }
    void open(Instant now);
    bool trial_due(Instant now) const;
    Duration spacing() const;
    Instant turn(Place place) const;
    void take_seat(Place& place);
    Instant concurrency_until(Instant hinted, Instant now);

    Options options_;
    Kind kind_ = Kind::rate;
    Instant until_{};
    std::optional<Instant> refused_at_{};  // the last 429
    Instant tried_at_{};                   // the last 429 or trial
    Duration concurrency_pause_{};         // the last one; zero after a success
    std::vector<bool> seats_{};            // taken
    std::size_t first_free_ = 0;           // no seat before it is free
    int waiting_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace backstop::policy
