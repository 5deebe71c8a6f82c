// Time that stands still until a test moves it.
#pragma once

#include "policy/time.hpp"

namespace backstop::test {

class FakeClock {
public:
    policy::Moment now() const { return now_; }
    policy::Instant steady() const { return now_.steady; }
    policy::WallTime wall() const { return now_.wall; }

    // Both clocks move together, as they do while nobody sets the time of day.
    void advance(policy::Duration by) {
        now_.steady += by;
        now_.wall += by;
    }
    // A sleep ends: time moves on to `until`, never back.
    void advance_to(policy::Instant until) {
        if (until > now_.steady) advance(until - now_.steady);
    }
    // Somebody sets the time of day; delays are not touched.
    void set_wall(policy::WallTime wall) { now_.wall = wall; }

private:
    // The steady clock starts anywhere but at zero; the wall shows 2026-02-08 12:00:00 UTC.
    policy::Moment now_{
        policy::Instant(std::chrono::hours(1000)),
        policy::WallTime(std::chrono::seconds(1770552000))};
};

}  // namespace backstop::test
