// What a client connection lends to its exchanges, one after the other. Reused, so that a request
// allocates little.
#pragma once

#include "proxy/buffer.hpp"
#include "proxy/context.hpp"
#include "proxy/message.hpp"
#include "proxy/message_parser.hpp"
#include "proxy/signal.hpp"
#include "proxy/stream.hpp"

#include <boost/intrusive/list.hpp>

#include <optional>
#include <string>

namespace backstop::proxy {

struct ClientSide final : ClientHook {
    ClientSide(Context& shared, Socket socket)
        : context(shared), stream(new Stream(std::move(socket))), signal(shared.executor) {
        stream->owned_by(&signal);
        stream->no_delay();
        context.clients.push_back(*this);
        ++context.client_count;
    }
    ~ClientSide() {
        stream->owned_by(nullptr);
        stream->close();
        context.clients.erase(context.clients.iterator_to(*this));
        --context.client_count;
        if (context.client_closed) context.client_closed();
    }
    ClientSide(const ClientSide&) = delete;
    ClientSide& operator=(const ClientSide&) = delete;

    void stop() override { signal.stop(); }

    Context& context;
    Stream::Pointer stream;
    Signal signal;
    Message request{};
    Message response{};
    std::optional<RequestParser> parser{};
    std::string upstream_head{};
    std::string client_head{};  // with interim responses before it that are not yet sent
    Buffer payload{0};          // of the response, without its framing
    Buffer frames{0};           // the same, framed anew
    bool answering = false;     // bytes of the answer to this request may have been sent
};

}  // namespace backstop::proxy
