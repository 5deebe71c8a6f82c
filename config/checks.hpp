// What is only wrong, or only dangerous, in connection with something else.
#pragma once

#include "config/config.hpp"
#include "config/reader.hpp"

#include <vector>

namespace backstop::config {

// `root` and `readers` are what `config` was read by; `readers[i]` has read `config.upstreams[i]`.
void check_config(Reader& root, std::vector<Reader>& readers, const Config& config);

}  // namespace backstop::config
