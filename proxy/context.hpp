// What all sessions of the process share.
#pragma once

#include "config/config.hpp"
#include "policy/message.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/report.hpp"
#include "proxy/request_body.hpp"
#include "proxy/turns.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>

namespace backstop::proxy {

class Upstream;

// Who hears of what happened: metrics and logs.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void finished(const Upstream& upstream, const Report& report) = 0;
    // A request that never became an exchange; `kind` is a closed list.
    virtual void client_error(std::string_view kind) = 0;
    virtual void connection_failed(
        const Upstream& upstream, const policy::Failure& failure, std::string_view trouble
    ) = 0;
    // No connection of its pool became free in time.
    virtual void crowded(const Upstream& upstream) = 0;
    // An exception that nobody planned, caught at the session.
    virtual void bug(std::string_view what) = 0;
};

// Chance: jitter and keys. Unpredictable between processes, which is what unique keys need.
class Random {
public:
    Random();
    double roll() { return uniform_(engine_); }  // in [0, 1)
    std::array<std::uint8_t, 16> bytes();
    // Of an answer of ours: "backstop-" and a UUID.
    std::string id();

private:
    std::mt19937_64 engine_;
    std::uniform_real_distribution<double> uniform_{0.0, 1.0};
};

// Linked while a client rests between two requests.
struct Resting;
using RestingHook = boost::intrusive::list_base_hook<
    boost::intrusive::tag<Resting>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// A client connection, as far as whoever stops the process or needs its place must know it.
class ClientHook : public boost::intrusive::list_base_hook<>, public RestingHook {
public:
    virtual void stop() = 0;  // unwinds its coroutine
    virtual void wake() = 0;  // has it look at the state of things
    // Nothing has come since its last request, nor waits in the kernel. Asks the kernel.
    virtual bool silent() = 0;

    // When it was accepted or its last answer ended. Has a meaning while it rests.
    policy::Instant idle_since{};  // NOLINT(misc-non-private-member-variables-in-classes)

protected:
    ~ClientHook() = default;
};

struct Context {
    Context(Executor on, Observer& tell, const config::Limits& configured)
        : executor(on),
          deadlines(on),
          turns(on),
          observer(tell),
          limits(configured),
          replay{configured.replay_memory, 0} {}

    // The drain time is over: whoever still waits for an upstream answers now.
    bool drained() const { return draining && steady_now() >= drain_until; }
    // No client is taken before another leaves.
    bool full() const { return client_count >= limits.client_connections; }

    Executor executor;
    Deadlines deadlines;
    Turns turns;
    Observer& observer;
    Random random{};
    config::Limits limits;
    ReplayMemory replay;
    boost::intrusive::list<ClientHook> clients{};  // open client connections
    // Those that have been idle for a moment, the longest first. A client that asks again at once
    // is never in it, so that the list costs the forwarding path nothing.
    boost::intrusive::list<
        ClientHook,
        boost::intrusive::base_hook<RestingHook>,
        boost::intrusive::constant_time_size<false>>
        resting{};
    int client_count = 0;
    std::function<void()> client_closed{};  // there may be room for another
    int in_flight = 0;                      // exchanges
    bool draining = false;
    policy::Instant drain_until{};  // no sleep and no attempt beyond it
    policy::Instant last_active{};  // a request was arriving or in flight
};

}  // namespace backstop::proxy
