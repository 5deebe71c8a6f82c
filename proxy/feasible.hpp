// What a well-formed configuration asks for and cannot have: keys whose feature this version does
// not have. Better refused at the start than served without.
#pragma once

#include "config/config.hpp"

#include <string>
#include <vector>

namespace backstop::proxy {

// One sentence each, naming the key and the remedy.
std::vector<std::string> infeasible(const config::Config& config);

}  // namespace backstop::proxy
