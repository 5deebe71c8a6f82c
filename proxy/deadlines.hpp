// All deadlines of the process on one timer. A timer per operation is the costliest habit measured
// on the forwarding path (five timerfd_settime a request); here arming and disarming is a list
// operation, and the timer is only touched when a deadline is nearer than the one it waits for. A
// deadline that was disarmed leaves the timer as it is: it fires, finds nothing due, and looks for
// the next. Nothing fires early; with nothing armed the process sleeps.
#pragma once

#include "proxy/async.hpp"
#include "proxy/signal.hpp"

#include <boost/intrusive/list.hpp>

namespace backstop::proxy {

class Deadlines;

// One deadline. Disarms itself when destroyed. Re-arming is cheap.
class Deadline : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    Deadline(Deadlines& all, Wakeable& owner) : all_(&all), owner_(&owner) {}
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void arm(policy::Instant at);  // replaces an earlier one; clears expired()
    void disarm();
    bool expired() const { return expired_; }
    policy::Instant at() const { return at_; }

private:
    friend class Deadlines;
    Deadlines* all_;
    Wakeable* owner_;
    policy::Instant at_{};
    bool expired_ = false;
};

class Deadlines {
public:
    explicit Deadlines(Executor executor) : timer_(executor) {}

private:
    friend class Deadline;
    using List = boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>>;

    void armed(Deadline& deadline);
    void wait_until(policy::Instant at);
    void fire();

    Timer timer_;
    List list_{};
    policy::Instant waiting_for_ = policy::Instant::max();
};

}  // namespace backstop::proxy
