#include "proxy/attempt_clock.hpp"

#include <algorithm>
#include <utility>

namespace backstop::proxy {

AttemptClock::AttemptClock(
    ClientSide& side, const RequestBody& body, const policy::Plan& plan, policy::Instant give_up_at
)
    : context_(side.context),
      body_(body),
      client_idle_(side.context.limits.client_body_idle),
      patience_(body.whole() ? policy::Duration::zero() : give_up_at - steady_now()),
      limit_(side.context.deadlines, side.signal),
      stalled_(side.context.deadlines, side.signal),
      seen_(body.received()),
      whole_(body.whole()) {
    if (whole_) {
        limit_.arm(give_up_at);
        return;
    }
    stalled_.arm(steady_now() + client_idle_);
    if (body.kept()) limit_.arm(plan.deadline());
}

void AttemptClock::pumped(policy::Plan& plan, bool starved) {
    was_starved_ = std::exchange(starved_, starved);
    if (whole_) return;
    if (!body_.kept()) {
        plan.body_lost();
        limit_.disarm();
    }
    if (body_.whole()) {
        whole_ = true;
        stalled_.disarm();
        limit_.arm(
            body_.kept() ? std::min(steady_now() + patience_, plan.deadline())
                         : plan.restart_deadline(now())
        );
    } else if (body_.received() != seen_) {
        seen_ = body_.received();
        stalled_.arm(steady_now() + client_idle_);
    }
}

}  // namespace backstop::proxy
