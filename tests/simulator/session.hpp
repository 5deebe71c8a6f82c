#pragma once

#include "tests/simulator/channel.hpp"
#include "tests/simulator/world.hpp"

namespace simulator {

// How a listener's connections are served.
struct Service {
    asio::ssl::context* tls = nullptr;  // null: plain
    bool faults_at_accept = true;       // false: /_sim/ stays within reach
};

// Serves one accepted connection until it ends.
Async<void> serve(asio::ip::tcp::socket socket, Service service, World& world);

}  // namespace simulator
