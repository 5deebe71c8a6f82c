// Accepts clients on one address until told to stop. At the connection limit a client that is idle
// makes room for one that waits. Where none is, and when descriptors run out, those who wait are
// taken as soon as others leave; that is told, and burns no CPU.
#pragma once

#include "config/config.hpp"
#include "proxy/acceptor.hpp"
#include "proxy/async.hpp"
#include "proxy/context.hpp"
#include "proxy/site.hpp"

#include <memory>
#include <optional>

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
    void take_up();
    bool accept_some();
    void accept_one(Socket socket);
    bool somebody_waits();
    void make_room();
    void pause(const error_code& shortage);
    void look_again_later();
    void everybody_taken();

    Context& context_;
    Bound socket_;
    std::shared_ptr<Site> site_;
    Timer pause_;
    bool waiting_ = false;
    bool paused_ = false;
    bool starved_ = false;                            // clients wait, and it was said
    std::optional<policy::Instant> crowded_since_{};  // at the limit, and somebody waits
    // A handler of Asio's can be on its way when this is destroyed.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace backstop::proxy
