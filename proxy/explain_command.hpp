// The options of `backstop explain`.
#pragma once

#include "proxy/explain.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's
class App;
}

namespace backstop::proxy {

// `options` outlives the parsing.
CLI::App* add_explain(CLI::App& app, ExplainOptions& options);

}  // namespace backstop::proxy
