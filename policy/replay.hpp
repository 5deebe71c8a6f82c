// Comes to the decisions of a recorded exchange again, from the inputs that an access line names,
// with the functions that came to them.
#pragma once

#include "policy/record.hpp"
#include "policy/rules.hpp"

#include <string>
#include <vector>

namespace backstop::policy {

// An exchange as its access line tells it. Of `record` the line has the attempts (status, failure,
// rule, error code), the last one's verdict and evidence, the judgement with its facts, and
// `denied`; the rest is as if it had not been.
struct LoggedExchange {
    Record record{};
    bool decided = false;      // the line has a `decision`
    bool client_gone = false;  // an attempt may have ended with nobody left to decide for
};

struct Difference {
    std::string field;  // of the access line: "decision.wait_ms"
    std::string logged;
    std::string again;  // what it comes to now
};

// Empty: everything that was logged is come to again. What the rules read in a body is not logged:
// a rule with `contains` that is said to have matched is taken to have found its text.
std::vector<Difference> replay(const Rules& rules, const LoggedExchange& logged);

}  // namespace backstop::policy
