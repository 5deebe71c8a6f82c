#pragma once

// The control API under /_sim/, as one function from request to response. README.md lists it.

#include "tests/simulator/api.hpp"
#include "tests/simulator/world.hpp"

namespace simulator {

bool is_control(const Request& request);
Response control(World& world, const Request& request);

}  // namespace simulator
