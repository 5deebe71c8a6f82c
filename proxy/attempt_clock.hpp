// How long an attempt may take: two clocks, one at a time. Until the request is whole the client is
// the one who may be late; from then on the upstream is. The end of the drain time is the end of
// both: who has waited until then gets an answer before the process exits.
#pragma once

#include "policy/plan.hpp"
#include "proxy/client_side.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/request_body.hpp"

namespace backstop::proxy {

class AttemptClock {
public:
    AttemptClock(ClientSide& side, const RequestBody& body, policy::Instant give_up_at);

    // After each go at sending: takes note of what the client has sent since. A body too large to
    // keep starts the exchange's deadline anew once it is whole.
    void pumped(policy::Plan& plan);
    bool expired() const { return limit_.expired() || stalled_.expired() || context_.drained(); }

private:
    const Context& context_;
    const RequestBody& body_;
    const policy::Duration client_idle_;
    const policy::Duration patience_;
    Deadline limit_;    // for the upstream's head
    Deadline stalled_;  // for the client's next bytes
    std::uint64_t seen_;
    bool whole_;
};

}  // namespace backstop::proxy
