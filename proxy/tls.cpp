#include "proxy/tls.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace backstop::proxy {

namespace {

// SSL_get_error() goes by the thread's queue of errors, so it must be empty before a call. Mostly
// it is, and to look is cheaper than to clear all of its places.
void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

// Records are made up to this many bytes ahead of the socket.
constexpr std::size_t out_limit = 64 * 1024;
constexpr std::size_t record = 16 * 1024;  // RFC 8446 5.1

bool is_address(const std::string& host) {
    error_code ec;
    asio::ip::make_address(host, ec);
    return !ec;
}

std::string openssl_says() {
    char text[256] = "unknown error";
    if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return text;
}

}  // namespace

// --- session ---

BIO_METHOD* TlsSession::method() {
    static BIO_METHOD* const made = [] {
        BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "backstop");
        BIO_meth_set_read(m, &TlsSession::read_raw);
        BIO_meth_set_write(m, &TlsSession::write_raw);
        BIO_meth_set_ctrl(m, &TlsSession::control);
        return m;
    }();
    return made;
}

int TlsSession::read_raw(BIO* bio, char* into, int size) {
    auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (!self.raw_.empty()) {
        const std::string_view have = self.raw_.view();
        const std::size_t count = std::min(have.size(), static_cast<std::size_t>(size));
        std::memcpy(into, have.data(), count);
        self.raw_.consume(count);
        return static_cast<int>(count);
    }
    if (self.feeding_.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t count = std::min(self.feeding_.size(), static_cast<std::size_t>(size));
    std::memcpy(into, self.feeding_.data(), count);
    self.feeding_.remove_prefix(count);
    return static_cast<int>(count);
}

int TlsSession::write_raw(BIO* bio, const char* from, int size) {
    auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    self.out_.append({from, static_cast<std::size_t>(size)});
    return size;
}

long TlsSession::control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsSession::TlsSession(std::shared_ptr<TlsContext> shared)
    : context_(std::move(shared)), ssl_(SSL_new(context_->context_.get())) {
    TlsContext& context = *context_;
    BIO* bio = BIO_new(method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_connect_state(ssl_.get());
    SSL_set_app_data(ssl_.get(), &context);
    if (is_address(context.host_)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), context.host_.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl_.get(), context.host_.c_str());
        SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        SSL_set1_host(ssl_.get(), context.host_.c_str());
    }
    if (context.last_session_ != nullptr) SSL_set_session(ssl_.get(), context.last_session_);
}

TlsSession::~TlsSession() {
    if (!ready_) {
        // Whatever ended the handshake: what it offered must not fail all that follow, too.
        SSL_SESSION*& last = context_->last_session_;
        if (last == nullptr || SSL_get_session(ssl_.get()) != last) return;
        SSL_SESSION_free(last);
        last = nullptr;
    } else if (trouble_.empty()) {
        // OpenSSL resumes no session whose connection is freed without close_notify on both sides;
        // but peers that close without are common, and it is enough that nothing was wrong.
        SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
}

error_code TlsSession::decrypt(std::string_view raw, Buffer& in, std::size_t up_to) {
    feeding_ = raw;
    error_code ec;
    if (!ready_) {
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl_.get());
        if (result == 1) {
            ready_ = true;
        } else {
            ec = failed(result);
        }
    }
    if (ready_ && !ec) ec = drain(in, up_to);
    if (!feeding_.empty()) raw_.append(feeding_);
    feeding_ = {};
    return ec;
}

bool TlsSession::has_pending() const {
    return !raw_.empty() || SSL_has_pending(ssl_.get()) == 1;
}

error_code TlsSession::drain(Buffer& in, std::size_t up_to) {
    while (in.size() < up_to) {
        const std::span<char> room = in.room(std::min<std::size_t>(8 * 1024, up_to - in.size()));
        const std::size_t size = std::min(room.size(), up_to - in.size());
        std::size_t count = 0;
        forget_errors();
        const int result = SSL_read_ex(ssl_.get(), room.data(), size, &count);
        if (result != 1) return failed(result);
        in.commit(count);
        // To ask again would cost a buffer of OpenSSL's, to learn that there is nothing.
        if (feeding_.empty() && raw_.empty() && SSL_pending(ssl_.get()) == 0) break;
    }
    return {};
}

error_code TlsSession::failed(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return {};
        case SSL_ERROR_ZERO_RETURN:
            closed_ = true;
            return asio::error::eof;
        default:
            break;
    }
    if (const long verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK) {
        trouble_ = X509_verify_cert_error_string(verdict);
        ERR_clear_error();
    } else {
        trouble_ = openssl_says();
    }
    return {asio::ssl::error::unexpected_result, asio::ssl::error::get_stream_category()};
}

std::size_t TlsSession::encrypt(std::string_view head, std::string_view body, error_code& ec) {
    std::size_t done = 0;
    const auto write = [&](std::string_view piece) {
        std::size_t count = 0;
        forget_errors();
        const int result = SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &count);
        if (result != 1) {
            ec = failed(result);
            if (!ec) ec = asio::error::try_again;  // cannot happen: writing always takes all
            return false;
        }
        done += count;
        return true;
    };
    if (!body.empty() && head.size() + body.size() <= record) {
        // One record instead of two.
        char together[record];
        std::memcpy(together, head.data(), head.size());
        std::memcpy(together + head.size(), body.data(), body.size());
        write({together, head.size() + body.size()});
        return done;
    }
    for (std::string_view rest : {head, body}) {
        while (!rest.empty()) {
            if (out_.size() >= out_limit) return done;
            const std::string_view piece = rest.substr(0, record);
            if (!write(piece)) return done;
            rest.remove_prefix(piece.size());
        }
    }
    return done;
}

bool TlsSession::resumed() const {
    return SSL_session_reused(ssl_.get()) == 1;
}

error_code TlsSession::end_of_file() const {
    if (closed_ || (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) {
        return asio::error::eof;
    }
    return asio::ssl::error::stream_truncated;
}

void TlsSession::say_goodbye() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

// --- context ---

TlsContext::TlsContext(const config::Tls& options, const std::string& host)
    : context_(SSL_CTX_new(TLS_client_method())),
      host_(options.server_name.empty() ? host : options.server_name),
      verify_(!options.insecure_skip_verify) {
    SSL_CTX* ctx = context_.get();
    if (ctx == nullptr) throw std::runtime_error("OpenSSL cannot be used: " + openssl_says());
    SSL_CTX_set_min_proto_version(
        ctx, options.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION
    );
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_verify(ctx, verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    static constexpr unsigned char alpn[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(ctx, alpn, sizeof alpn - 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, &TlsContext::keep_session);

    ERR_clear_error();
    if (options.ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(ctx) != 1) {
            throw std::runtime_error(
                "the system's certificates cannot be loaded: " + openssl_says()
            );
        }
    } else if (SSL_CTX_load_verify_locations(ctx, options.ca_file.c_str(), nullptr) != 1) {
        throw UnusableFile(
            "tls.ca_file",
            options.ca_file,
            "cannot be used; it must hold PEM certificates: " + openssl_says()
        );
    }
    if (!options.cert_file.empty()) {
        if (SSL_CTX_use_certificate_chain_file(ctx, options.cert_file.c_str()) != 1) {
            throw UnusableFile(
                "tls.cert_file", options.cert_file, "cannot be used: " + openssl_says()
            );
        }
        if (SSL_CTX_use_PrivateKey_file(ctx, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_check_private_key(ctx) != 1) {
            throw UnusableFile(
                "tls.key_file",
                options.key_file,
                "cannot be used with the certificate: " + openssl_says()
            );
        }
    }
}

TlsContext::~TlsContext() {
    if (last_session_ != nullptr) SSL_SESSION_free(last_session_);
}

int TlsContext::keep_session(SSL* ssl, SSL_SESSION* session) {
    auto& self = *static_cast<TlsContext*>(SSL_get_app_data(ssl));
    if (self.last_session_ != nullptr) SSL_SESSION_free(self.last_session_);
    self.last_session_ = session;
    return 1;  // ours now
}

std::size_t TlsContext::trusted_certificates() const {
    const STACK_OF(X509_OBJECT)* all =
        X509_STORE_get0_objects(SSL_CTX_get_cert_store(context_.get()));
    return static_cast<std::size_t>(std::max(0, sk_X509_OBJECT_num(all)));
}

}  // namespace backstop::proxy
