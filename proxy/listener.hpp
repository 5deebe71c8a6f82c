// Accepts clients on one address until told to stop. Pauses at the connection limit and when
// descriptors run out, without burning CPU, and goes on as soon as a client has left.
#pragma once

#include "config/config.hpp"
#include "proxy/acceptor.hpp"
#include "proxy/async.hpp"
#include "proxy/context.hpp"
#include "proxy/site.hpp"

#include <memory>

namespace backstop::proxy {

class Listener {
public:
    Listener(Context& context, Bound socket, std::shared_ptr<Upstream> upstream);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    void resume();  // there may be room again
    // Whom clients are served for from their next request on.
    void serve(std::shared_ptr<Upstream> upstream);
    // Takes the clients that have connected already, then stops for good. Each connection is closed
    // after its next answer.
    void retire();
    void stop();
    const Upstream& upstream() const { return *site_->upstream; }
    // Where it listens; port 0 has become the one that was given.
    const config::Address& address() const { return socket_.address; }

private:
    void wait();
    bool accept_some();
    void accept_one(Socket socket);
    bool somebody_waits();
    void pause(const error_code& shortage);

    Context& context_;
    Bound socket_;
    std::shared_ptr<Site> site_;
    Timer pause_;
    bool waiting_ = false;
    bool paused_ = false;
    bool starved_ = false;  // clients wait, and it was said
    // A handler of Asio's can be on its way when this is destroyed.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace backstop::proxy
