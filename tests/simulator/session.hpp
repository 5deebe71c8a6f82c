#pragma once

#include "tests/simulator/channel.hpp"
#include "tests/simulator/world.hpp"

namespace simulator {

// Serves one accepted connection until it ends. `tls` is null for a plain one.
Async<void> serve(asio::ip::tcp::socket socket, asio::ssl::context* tls, World& world);

}  // namespace simulator
