// Whether what is in force is what the files say.
#pragma once

#include "policy/time.hpp"

#include <string>
#include <vector>

namespace backstop::proxy {

struct ReloadState {
    bool successful = true;
    policy::WallTime last_success{};
    std::vector<std::string> problems{};  // why not; one line each
};

}  // namespace backstop::proxy
