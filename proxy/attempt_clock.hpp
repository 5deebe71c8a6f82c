// How long an attempt may take. Until the request is whole the client may be late with its next
// bytes; from then on the upstream has the time of an attempt. The exchange's deadline ends both,
// but for a body too large to keep, which may take as long as it flows. So does the end of the
// drain time: who has waited until then gets an answer before the process exits.
#pragma once

#include "policy/plan.hpp"
#include "proxy/client_side.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/request_body.hpp"

namespace backstop::proxy {

class AttemptClock {
public:
    AttemptClock(
        ClientSide& side,
        const RequestBody& body,
        const policy::Plan& plan,
        policy::Instant give_up_at
    );

    // After each go at sending: takes note of what the client has sent since. A body too large to
    // keep starts the exchange's deadline anew once it is whole.
    // `starved`: all that has come of it is sent.
    void pumped(policy::Plan& plan, bool starved);
    // The client was waited for, and still is. Whether it is starved just now tells less: the last
    // that an upstream had no room for may only now have found some.
    bool client_late() const { return was_starved_ && starved_; }
    bool expired() const { return limit_.expired() || stalled_.expired() || context_.drained(); }

private:
    const Context& context_;
    const RequestBody& body_;
    const policy::Duration client_idle_;
    const policy::Duration patience_;
    Deadline limit_;    // for the head of the response
    Deadline stalled_;  // for the client's next bytes
    std::uint64_t seen_;
    bool whole_;
    bool starved_ = false;
    bool was_starved_ = false;  // the time before
};

}  // namespace backstop::proxy
