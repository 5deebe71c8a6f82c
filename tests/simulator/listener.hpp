#pragma once

#include "tests/simulator/channel.hpp"
#include "tests/simulator/session.hpp"
#include "tests/simulator/world.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <string>

namespace simulator {

// "127.0.0.1:9000", "[::1]:0", "localhost:9000". Throws BadInput, naming `option`.
asio::ip::tcp::endpoint endpoint_of(const std::string& option, const std::string& text);

// Throws boost::system::system_error where a file cannot be used.
asio::ssl::context server_context(
    const std::string& certificate_file, const std::string& private_key_file
);

// Accepts connections from its construction on. Throws where the address cannot be bound.
class Listener {
public:
    Listener(
        asio::io_context& io, const asio::ip::tcp::endpoint& endpoint, Service service, World& world
    );

    std::uint16_t port() const { return port_; }

private:
    Async<void> run();

    asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;
    Service service_;
    World& world_;
};

}  // namespace simulator
