// The rules of one upstream, as its dialect and the config together say. Immutable.
#pragma once

#include "policy/backoff.hpp"
#include "policy/circuit_breaker.hpp"
#include "policy/dialect.hpp"
#include "policy/gate.hpp"
#include "policy/pacer.hpp"
#include "policy/retry_budget.hpp"
#include "policy/route.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backstop::policy {

// May a request whose outcome is unknown be sent again?
enum class Unsafe {
    never,   // only where the method itself is repeatable
    keyed,   // and POST or PATCH with a key that the API honours
    always,  // anything; warned about
};

struct RetryOptions {
    Unsafe unsafe = Unsafe::keyed;
    Duration max_wait = std::chrono::seconds(75);  // a longer hint, jitter aside, ends the exchange
    Backoff::Options backoff{};
    RetryBudget::Options budget{};
};

enum class Mode {
    act,
    observe,  // decide and record, but forward each request just once as it came
};

struct Rules {
    std::string upstream;  // its name: metric label, log word
    std::shared_ptr<const Dialect> dialect;
    Mode mode = Mode::act;
    RetryOptions retry{};
    CircuitBreaker::Options breaker{};
    Gate::Options gate{};
    Pacer::Options pacer{};
    bool keys = true;  // mint idempotency keys
    bool derive_keys = false;
    bool fallbacks = true;
    std::vector<Route> routes{};
    Route other{};  // for what no route matches
};

}  // namespace backstop::policy
