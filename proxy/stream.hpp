// One connected socket, to a client or to an upstream, plain or TLS. No coroutines and no timers in
// here: it reads what comes into a bounded buffer, sends what it is given as far as the kernel
// takes it, and wakes its owner whenever there is news.
//
// Reading waits for readiness and then receives, so an idle connection needs no buffer of its own
// and nothing is lost when the owner changes.
#pragma once

#include "proxy/async.hpp"
#include "proxy/buffer.hpp"
#include "proxy/signal.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace backstop::proxy {

class TlsSession;

class Stream final : public boost::intrusive_ref_counter<Stream, boost::thread_unsafe_counter> {
public:
    using Pointer = boost::intrusive_ptr<Stream>;

    // The socket is connected, and is made non-blocking here.
    explicit Stream(Socket socket);
    ~Stream();

    // Whom to wake; null: nobody.
    void owned_by(Wakeable* owner) { owner_ = owner; }

    // --- reading ---
    // Watches for bytes until in() holds `up_to` of them, or the stream ends. Calling it again is
    // free. Bytes that are there already are not announced again.
    void read_up_to(std::size_t up_to);
    // Asks the kernel: has nothing come that nobody was told of yet, neither bytes nor the end?
    // For a connection between two exchanges, with an empty in().
    bool still_quiet();
    Buffer& in() { return in_; }
    const Buffer& in() const { return in_; }
    // No more bytes will come: end of file, an error (read_error()), or close(). What is in in() is
    // still good.
    bool ended() const { return ended_; }
    // asio::error::eof for an orderly end; for TLS without close_notify, stream_truncated.
    error_code read_error() const { return read_error_; }
    // When that was noticed; meaningless after close().
    policy::Instant ended_at() const { return ended_at_; }

    // --- writing ---
    // Hands over as much as is taken right now: the number of bytes, head first. Less than all of
    // it: call again once woken. An error ends writing (write_error()).
    std::size_t send(std::string_view head, std::string_view body = {});
    // Everything that send() took has been handed to the kernel (always so without TLS).
    bool flushed() const;
    error_code write_error() const { return write_error_; }
    // The peer has answered what was sent with RST: nobody was there to read it.
    bool refused();
    // Bytes handed to the kernel since the connection was made, TLS records included.
    std::size_t sent_bytes() const { return sent_; }

    // Small writes go out at once (TCP_NODELAY); no effect on a Unix socket.
    void no_delay();

    // --- TLS ---
    // The client side of a handshake; the owner is woken as it goes on. `session` was made for this
    // connection.
    void start_tls(std::unique_ptr<TlsSession> session);
    bool tls_ready() const;
    const TlsSession* tls() const { return tls_.get(); }

    // --- ending ---
    void shutdown_send();
    void close();
    void reset();  // closes so that the peer sees RST: what it got must not look whole
    bool open() const { return socket_.is_open(); }

private:
    void watch_read();
    void on_readable(error_code ec);
    void receive();
    void receive_tls();
    std::size_t send_plain(std::string_view head, std::string_view body, error_code& ec);
    std::size_t send_tls(std::string_view head, std::string_view body);
    void flush_tls();
    void watch_write();
    void on_writable(error_code ec);
    void end(error_code ec);
    void tell();

    Socket socket_;
    Wakeable* owner_ = nullptr;
    std::unique_ptr<TlsSession> tls_{};
    Buffer in_{0};
    std::size_t up_to_ = 0;
    std::size_t sent_ = 0;
    policy::Instant ended_at_{};
    error_code read_error_{};
    error_code write_error_{};
    bool watching_read_ = false;
    bool watching_write_ = false;
    bool ended_ = false;
};

}  // namespace backstop::proxy
