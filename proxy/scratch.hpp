// What an exchange writes heads and bodies into. Lent to a client connection when the first byte of
// a request is there, and taken back once it has been idle for a moment: an idle connection has
// none, and a busy one allocates little for the next request.
#pragma once

#include "proxy/buffer.hpp"
#include "proxy/message.hpp"

#include <string>

namespace backstop::proxy {

struct Scratch {
    Message request{};
    Message response{};
    std::string upstream_head{};
    std::string client_head{};  // with interim responses before it that are not yet sent
    Buffer payload{0};          // of the response, without its framing
    Buffer frames{0};           // the same, framed anew
};

// Gives `to`, which has nothing, the memory of an earlier one, if there is any.
void borrow(Scratch& to);
// Leaves it what heads take.
void trim(Scratch& scratch);
// Leaves `from` with nothing.
void give_back(Scratch& from);

}  // namespace backstop::proxy
