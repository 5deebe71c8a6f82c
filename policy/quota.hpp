// What the API has told us is left of the paid plan. Absent until observed.
#pragma once

#include "policy/time.hpp"

#include <optional>

namespace backstop::policy {

class QuotaTracker {
public:
    struct State {
        double remaining = 0;
        Moment observed{};
    };
    void observe(double remaining, Moment now) { last_ = State{remaining, now}; }
    const std::optional<State>& last() const { return last_; }

private:
    std::optional<State> last_{};
};

}  // namespace backstop::policy
