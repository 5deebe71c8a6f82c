#include "proxy/deadlines.hpp"

#include <algorithm>

namespace backstop::proxy {

void Deadline::arm(policy::Instant at) {
    at_ = at;
    expired_ = false;
    if (!is_linked()) all_->list_.push_back(*this);
    all_->armed(*this);
}

void Deadline::disarm() {
    expired_ = false;
    if (is_linked()) unlink();
}

void Deadlines::armed(Deadline& deadline) {
    if (deadline.at_ < waiting_for_) wait_until(deadline.at_);
}

void Deadlines::wait_until(policy::Instant at) {
    waiting_for_ = at;
    timer_.expires_at(at);
    timer_.async_wait([this](error_code ec) {
        if (!ec) fire();
    });
}

void Deadlines::fire() {
    waiting_for_ = policy::Instant::max();
    const policy::Instant present = steady_now();
    // Waking an owner can arm, disarm or destroy any other deadline, so what is due is moved to a
    // list of its own first, and taken from its front one by one.
    List due;
    policy::Instant next = policy::Instant::max();
    for (auto it = list_.begin(); it != list_.end();) {
        Deadline& deadline = *it++;
        if (deadline.at_ <= present) {
            deadline.unlink();
            due.push_back(deadline);
        } else {
            next = std::min(next, deadline.at_);
        }
    }
    if (next != policy::Instant::max()) wait_until(next);
    while (!due.empty()) {
        Deadline& deadline = due.front();
        due.pop_front();
        deadline.expired_ = true;
        deadline.owner_->wake();
    }
}

}  // namespace backstop::proxy
