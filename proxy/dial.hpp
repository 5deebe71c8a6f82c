// Opening a connection to an upstream: addresses, TCP (both families raced, RFC 8305), TLS.
#pragma once

#include "config/config.hpp"
#include "policy/message.hpp"
#include "proxy/async.hpp"
#include "proxy/context.hpp"
#include "proxy/resolver.hpp"
#include "proxy/signal.hpp"
#include "proxy/stream.hpp"
#include "proxy/tls.hpp"

#include <memory>
#include <string>

namespace backstop::proxy {

// What dialling needs of an upstream; outlives the call.
struct DialTo {
    Resolver& resolver;
    std::shared_ptr<TlsContext> tls;  // null: plain
    config::Timeouts timeout{};
    std::string connect_request{};  // to an egress proxy, which `resolver` finds; empty: none
};

// The request that asks an egress proxy for a tunnel to the upstream (RFC 9110 9.3.6).
std::string connect_request(const config::EgressProxy& proxy, const config::Target& target);

struct Dialed {
    Stream::Pointer stream{};  // null: see `failure`
    policy::Failure failure{};
    std::string trouble{};  // for the log: what OpenSSL or the system said
};

// Ends at `give_up_at` at the latest, or with the drain time. `signal` is the caller's; it may be
// raised for other reasons meanwhile.
Async<Dialed> dial(DialTo to, Signal& signal, Context& context, policy::Instant give_up_at);

}  // namespace backstop::proxy
