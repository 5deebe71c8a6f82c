// One exchange as a script: what the Plan must say, and what happens then.
//
//   Scenario scenario({.method = "POST"});
//   scenario.expect_send(1);
//   scenario.upstream_answers(429, {{"retry-after", "2"}});
//   scenario.expect_wait(2050ms, WaitSource::header);
//   scenario.expect_send(2);
//   scenario.upstream_answers(200);
//   scenario.expect_deliver(Reason::succeeded);
//
// Time is virtual: only waits and takes() move it. Several scenarios may share a World.
#pragma once

#include "policy/plan.hpp"
#include "tests/support/happening.hpp"
#include "tests/support/world.hpp"

#include <boost/assert/source_location.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backstop::test {

class Scenario {
public:
    using Here = boost::source_location;

    // In a world of its own, or in one that is shared.
    explicit Scenario(policy::Request request = {.method = "GET"}, Settings settings = {});
    Scenario(World& world, policy::Request request);

    // What the Plan says next.
    void expect_send(int attempt, Here here = BOOST_CURRENT_LOCATION);
    void expect_send(int attempt, policy::Duration time_for_it, Here here = BOOST_CURRENT_LOCATION);
    void expect_fresh_send(int attempt, Here here = BOOST_CURRENT_LOCATION);
    // A wait of just so long; then time passes, and the exchange is woken.
    void expect_wait(
        policy::Duration wait, policy::WaitSource source, Here here = BOOST_CURRENT_LOCATION
    );
    // The same without sleeping; wake() or wake_early() follows.
    void expect_asleep(
        policy::Duration wait, policy::WaitSource source, Here here = BOOST_CURRENT_LOCATION
    );
    const policy::Deliver& expect_deliver(
        policy::Reason reason, Here here = BOOST_CURRENT_LOCATION
    );
    const policy::Substitute& expect_fallback(
        policy::Reason reason, Here here = BOOST_CURRENT_LOCATION
    );
    const policy::Substitute& expect_error(
        int status, policy::Reason reason, Here here = BOOST_CURRENT_LOCATION
    );

    // What happens.
    void takes(policy::Duration time);  // the next outcome comes so late
    void upstream_answers(int status, Fields fields = {}, std::string body = {});
    void upstream_answers_whole(int status, Fields fields = {}, std::string body = {});  // kept
    void upstream_fails(const policy::Failure& failure);
    void happens(Happening happening);
    void pool_stays_full();  // no connection for the last Send, until its time is over
    void wake();             // when its wait is over
    void wake_early();       // now
    void commit();           // the first byte of the response goes to the client
    void client_leaves();

    policy::Plan& plan();
    const policy::Record& record() { return plan().record(); }
    const policy::Step& step() { return started(), step_; }

    // The same exchange in a new world, with each outcome of the script replaced in turn by a
    // failure at each stage, on a new and on a reused connection. Whatever the Plan makes of it,
    // the laws of an exchange hold (laws.hpp).
    void replay_failing_everywhere(Here here = BOOST_CURRENT_LOCATION) const;

private:
    void started();
    template <typename Expected>
    const Expected& said(const char* what);
    policy::Moment now() const { return world_->clock.now(); }

    std::unique_ptr<World> own_{};
    World* world_;
    policy::Request request_;
    std::unique_ptr<policy::Plan> plan_{};
    policy::Step step_{};
    bool started_ = false;
    policy::Duration takes_{};
    std::vector<Happening> script_{};
};

}  // namespace backstop::test
