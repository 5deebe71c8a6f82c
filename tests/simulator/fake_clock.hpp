#pragma once

// Time for tests of API models: it stands still until the test moves it.

#include "tests/simulator/api.hpp"

namespace simulator {

class FakeClock {
public:
    Moment now() const { return now_; }

    void advance(std::chrono::milliseconds by) {
        now_.steady += by;
        now_.wall += by;
    }

private:
    // 2026-02-08T12:00:18Z, so that 42 s later is the resetAt of the guide's example.
    Moment now_{
        .steady = std::chrono::milliseconds(1000),
        .wall = std::chrono::system_clock::time_point(std::chrono::seconds(1'770'552'018))};
};

}  // namespace simulator
