// The routes of an upstream: those of its dialect and those of [[upstream.route]], as one list.
#pragma once

#include "config/config.hpp"
#include "config/reader.hpp"

namespace backstop::config {

// Reads [[upstream.route]] and fills in `upstream.rules.routes`; the dialect and `rules.other` are
// there already.
//
// A route of the config with the match of one of the dialect's changes that one, key by key, in its
// place. All others go before the dialect's, in the order written. A value comes from the first of
// these that says it: the config's route; the dialect's route; [upstream.timeout] and
// [upstream.retry]; the dialect. So the five seconds of a dialect's one urgent route stay when
// [upstream.timeout] gives all others a minute; a config that wants to change them names the route.
void read_routes(Reader& reader, Upstream& upstream);

}  // namespace backstop::config
