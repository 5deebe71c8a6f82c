#include "proxy/stream.hpp"

#include "proxy/tls.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>

#include <array>
#include <cstring>
#include <sys/socket.h>

namespace backstop::proxy {

namespace {

// Received in pieces of this size; an empty in_ reserves as much and keeps it while in use.
constexpr std::size_t piece = Buffer::block;

// Head and body up to this size leave as one piece.
constexpr std::size_t together = 8 * 1024;

// Raw bytes on their way into OpenSSL, and small messages on their way out. One thread, and never
// held across a call: shared by all.
std::array<char, 32 * 1024>& raw_scratch() {
    static std::array<char, 32 * 1024> scratch;
    return scratch;
}

// The kernel tells of an RST only once. Where sending has heard of it, receiving meets an end that
// looks orderly. After a FIN the RST is told as EPIPE instead, and that end was orderly.
error_code not_orderly(error_code write_error, error_code end) {
    return write_error == asio::error::connection_reset ? write_error : end;
}

}  // namespace

Stream::Stream(Socket socket) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
}

Stream::~Stream() = default;

void Stream::no_delay() {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Stream::read_up_to(std::size_t up_to) {
    up_to_ = up_to;
    if (tls_ && tls_->has_pending()) {
        // Decrypted or raw bytes were left behind when in_ was full.
        if (const error_code ec = tls_->decrypt({}, in_, up_to_)) end(ec);
        flush_tls();  // a KeyUpdate among them is answered (RFC 8446 4.6.3)
    }
    watch_read();
}

void Stream::watch_read() {
    if (watching_read_ || ended_ || in_.size() >= up_to_ || !socket_.is_open()) return;
    watching_read_ = true;
    socket_.async_wait(Socket::wait_read, [self = Pointer(this)](error_code ec) {
        self->on_readable(ec);
    });
}

void Stream::on_readable(error_code ec) {
    watching_read_ = false;
    if (ec || ended_) return;  // closed by us
    const std::size_t before = in_.size();
    const bool was_ready = tls_ready();
    if (tls_) {
        receive_tls();
    } else {
        receive();
    }
    const bool news = ended_ || in_.size() != before || was_ready != tls_ready();
    if (!news) watch_read();
    if (news) tell();
}

void Stream::receive() {
    const std::size_t wanted = std::min(piece, up_to_ - in_.size());
    const std::span<char> room = in_.room(in_.capacity() == 0 ? piece : wanted);
    const std::size_t size = std::min(room.size(), up_to_ - in_.size());
    error_code ec;
    const std::size_t count = socket_.receive(asio::buffer(room.data(), size), 0, ec);
    in_.commit(count);
    if (ec == asio::error::would_block) return;
    if (ec) end(ec == asio::error::eof ? not_orderly(write_error_, ec) : ec);
}

void Stream::receive_tls() {
    auto& scratch = raw_scratch();
    error_code ec;
    const std::size_t count = socket_.receive(asio::buffer(scratch), 0, ec);
    if (ec == asio::error::would_block) return;
    if (ec) {
        // An end without close_notify: whether it cut anything short depends on the framing.
        if (ec == asio::error::eof) ec = tls_->end_of_file();
        end(ec == asio::ssl::error::stream_truncated ? not_orderly(write_error_, ec) : ec);
        return;
    }
    const error_code broken = tls_->decrypt({scratch.data(), count}, in_, up_to_);
    flush_tls();
    if (broken) end(broken);
}

bool Stream::still_quiet() {
    if (ended_ || !in_.empty() || !socket_.is_open()) return false;
    if (tls_) {
        // A session ticket is no news, and has to be taken.
        up_to_ = 1;
        receive_tls();
        return !ended_ && in_.empty();
    }
    char byte = 0;
    error_code ec;
    socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, ec);
    return ec == asio::error::would_block;
}

std::size_t Stream::send(std::string_view head, std::string_view body) {
    if (write_error_ || !socket_.is_open()) return 0;
    if (tls_) return send_tls(head, body);
    error_code ec;
    const std::size_t count = send_plain(head, body, ec);
    sent_ += count;
    if (ec && ec != asio::error::would_block) {
        write_error_ = ec;
        return count;
    }
    if (count < head.size() + body.size()) watch_write();
    return count;
}

std::size_t Stream::send_plain(std::string_view head, std::string_view body, error_code& ec) {
    if (body.empty()) return socket_.send(asio::buffer(head.data(), head.size()), 0, ec);
    if (head.empty()) return socket_.send(asio::buffer(body.data(), body.size()), 0, ec);
    // Copying a small message together costs less than the kernel takes for two pieces.
    auto& scratch = raw_scratch();
    const std::size_t size = head.size() + body.size();
    if (size <= together) {
        std::memcpy(scratch.data(), head.data(), head.size());
        std::memcpy(scratch.data() + head.size(), body.data(), body.size());
        return socket_.send(asio::buffer(scratch.data(), size), 0, ec);
    }
    const std::array<asio::const_buffer, 2> both{
        asio::buffer(head.data(), head.size()), asio::buffer(body.data(), body.size())};
    return socket_.send(both, 0, ec);
}

std::size_t Stream::send_tls(std::string_view head, std::string_view body) {
    if (!tls_->ready() || !tls_->out().empty()) return 0;
    error_code ec;
    const std::size_t count = tls_->encrypt(head, body, ec);
    if (ec) write_error_ = ec;
    flush_tls();
    if (count < head.size() + body.size() && !write_error_) watch_write();
    return count;
}

void Stream::flush_tls() {
    Buffer& out = tls_->out();
    while (!out.empty() && !write_error_) {
        error_code ec;
        const std::string_view bytes = out.view();
        const std::size_t count = socket_.send(asio::buffer(bytes.data(), bytes.size()), 0, ec);
        sent_ += count;
        out.consume(count);
        if (ec == asio::error::would_block) {
            watch_write();
            return;
        }
        if (ec) write_error_ = ec;
    }
}

// On this machine the answer to a segment is there when send() returns.
bool Stream::refused() {
    if (write_error_) return true;
    if (!socket_.is_open()) return false;  // by us
    int error = 0;
    socklen_t size = sizeof error;
    const int descriptor = socket_.native_handle();
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0)
        return false;
    write_error_ = {error, boost::system::system_category()};  // it is not told a second time
    return true;
}

bool Stream::flushed() const {
    return !tls_ || tls_->out().empty();
}

void Stream::watch_write() {
    if (watching_write_ || !socket_.is_open()) return;
    watching_write_ = true;
    socket_.async_wait(Socket::wait_write, [self = Pointer(this)](error_code ec) {
        self->on_writable(ec);
    });
}

void Stream::on_writable(error_code ec) {
    watching_write_ = false;
    if (ec || !socket_.is_open()) return;
    if (tls_) flush_tls();
    if (flushed()) tell();
}

void Stream::start_tls(std::unique_ptr<TlsSession> session) {
    tls_ = std::move(session);
    if (const error_code ec = tls_->decrypt({}, in_, 1)) end(ec);  // says hello
    flush_tls();
    read_up_to(std::max<std::size_t>(up_to_, 1));
}

bool Stream::tls_ready() const {
    return tls_ && tls_->ready();
}

void Stream::shutdown_send() {
    if (!socket_.is_open()) return;
    if (tls_ && tls_->ready()) {
        tls_->say_goodbye();
        flush_tls();
    }
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() {
    ended_ = true;
    error_code ignored;
    socket_.close(ignored);
}

void Stream::reset() {
    if (socket_.is_open()) {
        error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    }
    close();
}

void Stream::end(error_code ec) {
    ended_ = true;
    ended_at_ = steady_now();
    read_error_ = ec;
}

void Stream::tell() {
    const Pointer keep(this);  // the owner may let go of us
    if (owner_ != nullptr) owner_->wake();
}

}  // namespace backstop::proxy
