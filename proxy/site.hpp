// Whom a listener's clients are served for.
#pragma once

#include <memory>

namespace backstop::proxy {

class Upstream;

// Each listener has one, shared with its client connections: a reload puts another upstream in, and
// they use it from their next request on. Exchanges under way keep theirs.
struct Site {
    std::shared_ptr<Upstream> upstream{};
    bool closed = false;  // nobody listens there any more: the next answer is the last one
};

}  // namespace backstop::proxy
