#include "proxy/acceptor.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace backstop::proxy {
namespace {

bool is_unix(const config::Address& address) {
    return !address.unix_path.empty();
}

// Not a link to one either: the link is the file of that name.
bool is_socket(const std::string& path) {
    struct stat about {};
    return ::lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode);
}

// A Unix socket leaves its file behind when a process dies, and bind(2) refuses a name that is
// there. Only asking tells whether somebody still listens. Linux refuses to connect to an ordinary
// file in the same words: that one is somebody's, and stays.
void remove_leftover(Executor executor, const config::Address& address) {
    if (!is_socket(address.unix_path)) return;
    Socket probe(executor);
    error_code ec;
    probe.connect(asio::local::stream_protocol::endpoint(address.unix_path), ec);
    if (ec == asio::error::connection_refused) ::unlink(address.unix_path.c_str());
}

void open(
    Acceptor& acceptor, const Endpoint& endpoint, std::optional<mode_t> mode, error_code& ec
) {
    acceptor.open(endpoint.protocol(), ec);
    const int family = endpoint.protocol().family();
    // Linux gives the file the mode of the socket, less the umask: so it is never open wider.
    if (!ec && family == AF_UNIX && mode && ::fchmod(acceptor.native_handle(), *mode) != 0)
        ec.assign(errno, boost::system::system_category());
    if (!ec && family != AF_UNIX) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec && family == AF_INET6) acceptor.set_option(asio::ip::v6_only(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor.non_blocking(true, ec);
}

unsigned short port_of(const Acceptor& acceptor) {
    const Endpoint local = acceptor.local_endpoint();
    asio::ip::tcp::endpoint bound;
    bound.resize(local.size());
    std::memcpy(bound.data(), local.data(), local.size());
    return bound.port();
}

std::string remedy(const error_code& ec, const config::Address& address) {
    if (ec == asio::error::address_in_use && is_unix(address) && !is_socket(address.unix_path))
        return "; there is a file of this name that is no socket: remove it, or choose another "
               "name";
    if (ec == asio::error::address_in_use)
        return "; stop what listens there, or choose another address";
    if (ec == asio::error::access_denied && !is_unix(address) && address.port < 1024)
        return "; ports below 1024 need a privilege, choose a higher one";
    if (is_unix(address)) return "; its folder must exist and be writable";
    if (address.host == "::1") {
        return "; there is no IPv6 here, and localhost means both: write 127.0.0.1:" +
               std::to_string(address.port);
    }
    return "; is it an address of this machine?";
}

}  // namespace

Endpoint endpoint_of(const config::Address& address, error_code& ec) {
    if (is_unix(address)) return asio::local::stream_protocol::endpoint(address.unix_path);
    const asio::ip::address ip = asio::ip::make_address(address.host, ec);
    return asio::ip::tcp::endpoint(ip, address.port);
}

Bound bind(Executor executor, const config::Address& address, std::optional<mode_t> mode) {
    Bound bound{Acceptor(executor), address, address};
    error_code ec;
    const Endpoint endpoint = endpoint_of(address, ec);
    if (!ec && is_unix(address)) remove_leftover(executor, address);
    if (!ec) open(bound.acceptor, endpoint, mode, ec);
    if (ec) {
        throw std::runtime_error(
            "cannot listen on " + address.text() + ": " + ec.message() + remedy(ec, address)
        );
    }
    if (!is_unix(address)) bound.address.port = port_of(bound.acceptor);
    return bound;
}

void unbind(Acceptor& acceptor, const config::Address& address) {
    if (!acceptor.is_open()) return;
    error_code ignored;
    acceptor.close(ignored);
    if (is_unix(address)) ::unlink(address.unix_path.c_str());
}

}  // namespace backstop::proxy
