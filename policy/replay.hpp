// Comes to the decisions of a recorded exchange again, from the inputs that an access line names,
// with the functions that came to them.
#pragma once

#include "policy/record.hpp"
#include "policy/rules.hpp"

#include <string>
#include <vector>

namespace backstop::policy {

// An exchange as its access line tells it. Of `record` the line has the attempts (status, failure,
// rule, error code), the last one's verdict and evidence, the judgement with its facts, the wishes
// and the patience beside it, and `denied`; the rest is as if it had not been.
struct LoggedExchange {
    Record record{};
    bool decided = false;      // the line has a `decision`
    bool client_gone = false;  // an attempt may have ended with nobody left to decide for
    std::string route{};       // its label
    std::string method{};      // or "other", which is none
    KeySource key = KeySource::none;
    Reason reason = Reason::succeeded;
    bool degraded = false;  // it was answered with a fallback
};

struct Difference {
    std::string field;  // of the access line: "decision.wait_ms"
    std::string logged;
    std::string again;  // what it comes to now
};

// The route that the line names, or null: the path is not logged, so that the label and the method
// are all there is.
const Route* logged_route(const Rules& rules, const LoggedExchange& logged);

// Empty: everything that was logged is come to again. What the rules read in a body is not logged:
// a rule with `contains` that is said to have matched is taken to have found its text.
//
// With a route, what it and the rules determine is taken from there and not from the line: the
// attempts allowed, the deadline, whether the request may be repeated, its key, the fallback. What
// came of each attempt, and when, stays as it is logged.
std::vector<Difference> replay(
    const Rules& rules, const LoggedExchange& logged, const Route* route = nullptr
);

}  // namespace backstop::policy
