// The five dialects as values, so that policy is tested without the TOML that they are read from;
// what the files say is tested with the loader.
#pragma once

#include "policy/dialect.hpp"

namespace backstop::test {

policy::Dialect sticky_calls();
policy::Dialect levrage();
policy::Dialect leavo();
policy::Dialect truedy();
policy::Dialect generic_http();

inline policy::Source header(std::string name, std::string parameter = {}) {
    return {policy::Source::Place::header, std::move(name), std::move(parameter)};
}
inline policy::Source json(std::string pointer) {
    return {policy::Source::Place::json, std::move(pointer), {}};
}

}  // namespace backstop::test
