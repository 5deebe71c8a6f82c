// What must hold of every exchange, whatever happens to it: the promises of the product, written
// down a second time and independently of the Plan, from what was sent and what came of it.
//
//   An attempt is repeated only if what is known of the one before it allows that, never after a
//   byte has gone to the client, never without the request's bytes, never past the deadline, never
//   more often than allowed, and never sooner than the server has asked for. What is answered fits
//   what happened. What the exchange held of the shared state is given back.
#pragma once

#include "policy/plan.hpp"
#include "tests/support/happening.hpp"
#include "tests/support/world.hpp"

#include <optional>
#include <string>
#include <vector>

namespace backstop::test {

// A second account of the retry budget, kept from what the Plans were seen to do.
using Account = policy::RetryBudget;

class Laws {
public:
    Laws(World& world, Account& account, const policy::Request& request);

    // In the order of events.
    void said(const policy::Step& step);
    void happened(const Happening& happening);
    void lost_body() { body_kept_ = false; }
    void drained(policy::Instant until) { drained_ = until; }
    void committed() { over_ = true; }
    void ended(const policy::Record& record);  // before or after an answer

    const std::vector<std::string>& broken() const { return broken_; }

private:
    void said_send(const policy::Send& send);
    void said_wait(const policy::Wait& wait);
    void said_deliver(const policy::Deliver& deliver);
    void said_substitute(const policy::Substitute& substitute);
    void check_race(const policy::Send& send);
    void check_retry(const policy::Send& send);
    void check(bool holds, const std::string& law);

    policy::Evidence evidence(const Happening& happening) const;
    bool may_follow(const Happening& happening) const;
    policy::Instant now() const { return world_.clock.steady(); }
    policy::Instant end() const;
    bool observing() const { return world_.rules.mode == policy::Mode::observe; }
    void refund();

    World& world_;
    Account& account_;
    const policy::Route& route_;
    bool repeatable_ = false;  // by method, route or key
    bool minted_ = false;      // the key is of this exchange
    bool writes_ = false;
    bool body_kept_ = true;
    int allowed_ = 1;
    policy::Instant deadline_;
    std::optional<policy::Instant> drained_{};

    int number_ = 0;  // of the last Send
    std::size_t sends_ = 0;
    bool raced_ = false;
    bool waited_ = false;  // since the last outcome
    bool delivering_ = false;
    bool over_ = false;
    bool unknown_ = false;       // whether a write was acted on
    bool to_be_mended_ = false;  // by whoever sent the request
    std::optional<Happening> last_{};
    policy::Instant last_at_{};
    policy::Instant not_before_{};
    std::optional<policy::Instant> reserved_{};
    std::vector<std::string> broken_{};
};

// Plays one exchange to its end: waits are slept through, and attempts come to what the script
// says, or to a 200 once it is over. Returns the laws that were broken.
std::vector<std::string> play(
    World& world, const policy::Request& request, const std::vector<Happening>& script
);

// Nothing is held of what exchanges share, once all of them are gone; moves the clock on.
std::vector<std::string> anything_held(World& world, const Account& account);

}  // namespace backstop::test
