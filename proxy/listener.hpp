// Accepts clients on one address until told to stop. Pauses at the connection limit and when
// descriptors run out, without burning CPU, and goes on as soon as a client has left.
#pragma once

#include "config/config.hpp"
#include "proxy/async.hpp"
#include "proxy/context.hpp"
#include "proxy/session.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <memory>

namespace backstop::proxy {

class Listener {
public:
    // Binds and listens. Throws std::runtime_error that names the address and the remedy.
    Listener(Context& context, std::shared_ptr<Site> site, const config::Address& address);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    void resume();  // there may be room again
    void stop();
    // Where it listens; port 0 has become the one that was given.
    const config::Address& address() const { return address_; }

private:
    using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor>;

    void wait();
    void accept();
    bool somebody_waits();
    void pause(const error_code& shortage);

    Context& context_;
    std::shared_ptr<Site> site_;
    config::Address address_;
    Acceptor acceptor_;
    Timer pause_;
    bool waiting_ = false;
    bool paused_ = false;
    bool starved_ = false;  // clients wait, and it was said
};

}  // namespace backstop::proxy
