#include "tests/simulator/rate_window.hpp"

namespace simulator {

using std::chrono::milliseconds;

std::int64_t RateWindow::usage(milliseconds now, milliseconds length) {
    expire(now, length);
    return static_cast<std::int64_t>(let_in_.size());
}

milliseconds RateWindow::until_oldest_leaves(milliseconds now, milliseconds length) {
    expire(now, length);
    return let_in_.empty() ? milliseconds(0) : let_in_.front() + length - now;
}

void RateWindow::expire(milliseconds now, milliseconds length) {
    while (!let_in_.empty() && let_in_.front() + length <= now) {
        if (kind_ == Kind::fixed) {
            let_in_.clear();
        } else {
            let_in_.pop_front();
        }
    }
}

}  // namespace simulator
