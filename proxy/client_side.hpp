// What a client connection lends to its exchanges, one after the other.
#pragma once

#include "proxy/context.hpp"
#include "proxy/message_parser.hpp"
#include "proxy/scratch.hpp"
#include "proxy/signal.hpp"
#include "proxy/site.hpp"
#include "proxy/stream.hpp"

#include <boost/intrusive/list.hpp>

#include <memory>
#include <optional>

namespace backstop::proxy {

struct ClientSide final : ClientHook, Scratch {
    ClientSide(Context& shared, std::shared_ptr<Site> served, Socket socket)
        : context(shared),
          site(std::move(served)),
          stream(new Stream(std::move(socket))),
          signal(shared.executor) {
        stream->owned_by(&signal);
        stream->no_delay();
        context.clients.push_back(*this);
        ++context.client_count;
    }
    ~ClientSide() {
        rest();
        stream->owned_by(nullptr);
        stream->close();
        context.clients.erase(context.clients.iterator_to(*this));
        --context.client_count;
        if (context.client_closed) context.client_closed();
    }
    ClientSide(const ClientSide&) = delete;
    ClientSide& operator=(const ClientSide&) = delete;

    void stop() override { signal.stop(); }
    void wake() override { signal.wake_later(); }
    bool silent() override { return stream->still_quiet(); }

    // No request is taken after the one under way.
    bool ending() const { return context.draining || site->closed; }

    // A request begins to arrive, into what is lent for it.
    void begin(HeadLimits limits) {
        RestingHook::unlink();
        if (!parser) borrow(*this);
        parser.emplace(request, limits);
    }
    // Nothing is under way for now: what large bodies took is given back.
    void pause() {
        if (stream->in().empty()) stream->in().shrink(0);
        trim(*this);
    }
    // Nor will be soon: an idle client keeps no buffers.
    void rest() {
        if (!parser) return;
        parser.reset();
        give_back(*this);
    }

    Context& context;
    std::shared_ptr<Site> site;
    Stream::Pointer stream;
    Signal signal;
    std::optional<RequestParser> parser{};
    bool answering = false;  // bytes of the answer to this request may have been sent
};

}  // namespace backstop::proxy
