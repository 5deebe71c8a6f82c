// What exchanges with one upstream share, in virtual time: clock, rules, standing, dice.
#pragma once

#include "policy/plan.hpp"
#include "tests/support/fake_clock.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace backstop::test {

// An API without peculiarities: HTTP's own rules, `Retry-After` and a `/retry_after` in the body,
// `X-RateLimit-*` of a minute's window, codes and ids in the body, `Idempotency-Key`.
policy::Dialect plain_dialect();

// One minute, 10 s an attempt, 3 attempts.
policy::Route plain_route();

// A fallback for these reasons, with status 200.
policy::Fallback fallback_on(std::vector<policy::Reason> reasons);

struct Settings {
    policy::Dialect dialect = plain_dialect();
    policy::Route route = plain_route();
    policy::RetryOptions retry{};
    policy::CircuitBreaker::Options breaker{};
    policy::Gate::Options gate{};
    policy::Pacer::Options pacer{};
    policy::Mode mode = policy::Mode::act;
    bool fallbacks = true;
};

class World {
public:
    explicit World(Settings settings = {});
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // The dice show these numbers, one for each wait, and then zero.
    void rolls(std::vector<double> numbers);
    policy::Roll roll();

    policy::Gate& gate();  // of the route's scope, for requests without a credential
    policy::RateLimitTracker& limits();

    const Settings settings;
    FakeClock clock;
    const policy::Rules rules;
    policy::Standing standing;

private:
    std::deque<double> rolls_{};
};

}  // namespace backstop::test
