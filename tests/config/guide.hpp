// What the tests of the dialects share: the built-in dialect by name, and one response of its
// guide, classified.
#pragma once

#include "config/config.hpp"
#include "policy/classify.hpp"
#include "policy/dialect.hpp"
#include "policy/local_answer.hpp"
#include "policy/rules.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace backstop::test {

// The present of all dialect tests: 2026-02-08T12:00:00Z.
policy::Moment guide_time();

// The dialect as its file has it; a test fails if the file has a mistake.
std::shared_ptr<const policy::Dialect> builtin(std::string_view name);

// An upstream of a config that says nothing but the dialect and this URL.
config::Upstream upstream_of(std::string_view dialect, std::string_view url);

policy::Classification classified(
    const policy::Dialect& dialect,
    int status,
    std::string_view body = {},
    const std::vector<policy::Field>& fields = {}
);
policy::Classification timed_out(const policy::Dialect& dialect, bool written);

// The label of the route that a request takes, or "other".
std::string_view route_label(
    const config::Upstream& upstream, std::string_view method, std::string_view target
);
const policy::Route& route_of(
    const config::Upstream& upstream, std::string_view method, std::string_view target
);

// An error of our own, as an application of this API gets it.
policy::LocalAnswer own_error(const config::Upstream& upstream, policy::Reason reason, int status);

}  // namespace backstop::test
