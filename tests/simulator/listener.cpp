#include "tests/simulator/listener.hpp"

#include "tests/simulator/json_reader.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <cstdio>
#include <exception>

namespace simulator {
namespace {

using asio::ip::tcp;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

// An exception here is a fault of the simulator's own, which a test should not mistake for one that
// it asked for.
void report(std::exception_ptr escaped) {
    if (!escaped) return;
    try {
        std::rethrow_exception(escaped);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "simulator: a session failed: %s\n", error.what());
    }
}

// Servers that also speak HTTP/2 choose; we have one protocol only.
int choose_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned int offered_size, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int result =
        SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, offered, offered_size);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

tcp::endpoint endpoint_of(const std::string& option, const std::string& text) {
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    if (host == "localhost") host = "127.0.0.1";
    ErrorCode failure;
    const asio::ip::address address = asio::ip::make_address(host, failure);
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const char* const digits = colon == std::string::npos ? end : text.data() + colon + 1;
    const auto read = std::from_chars(digits, end, port);
    if (failure || digits == end || read.ec != std::errc() || read.ptr != end) {
        throw BadInput(option, "expected ADDRESS:PORT such as 127.0.0.1:9000, got '" + text + "'");
    }
    return {address, port};
}

asio::ssl::context server_context(
    const std::string& certificate_file, const std::string& private_key_file
) {
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    context.use_certificate_chain_file(certificate_file);
    context.use_private_key_file(private_key_file, asio::ssl::context::pem);
    SSL_CTX_set_alpn_select_cb(context.native_handle(), choose_http11, nullptr);
    return context;
}

Listener::Listener(
    asio::io_context& io, const tcp::endpoint& endpoint, Service service, World& world
)
    : acceptor_(io, endpoint),
      port_(acceptor_.local_endpoint().port()),
      service_(service),
      world_(world) {
    asio::co_spawn(io, run(), report);
}

Async<void> Listener::run() {
    for (;;) {
        auto [failure, socket] = co_await acceptor_.async_accept(nothrow);
        if (!failure) {
            asio::co_spawn(
                acceptor_.get_executor(), serve(std::move(socket), service_, world_), report
            );
            continue;
        }
        // Most likely no descriptor is left: wait for one.
        asio::steady_timer pause(acceptor_.get_executor(), std::chrono::milliseconds(10));
        co_await pause.async_wait(nothrow);
    }
}

}  // namespace simulator
