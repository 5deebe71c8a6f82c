// What can come of an attempt, with its bytes, so that a script can hold it.
#pragma once

#include "policy/message.hpp"
#include "policy/time.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace backstop::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Happening {
    int status = 0;  // 0: `failure` instead
    Fields fields{};
    std::string body{};
    bool kept = false;        // the response can be delivered after a wait
    bool written_all = true;  // the request was written whole before the answer came
    policy::Failure failure{};
    policy::Duration took{};
    bool breaks_in_body = false;  // should it be delivered: before the commit point

    bool is_failure() const { return status == 0; }
    // The views in it live as long as `views`.
    policy::Outcome outcome(std::vector<policy::Field>& views) const;
};

// Failures with the facts that go with them.
policy::Failure failure_at(policy::Stage stage);
policy::Failure refused_connection();  // nothing was sent
policy::Failure broken_connection();   // sent, and no answer came
policy::Failure timed_out();           // sent, and no answer came in time
policy::Failure truncated_response();
policy::Failure stale_connection();  // the keep-alive race: reused, and died before an answer

}  // namespace backstop::test
