// TLS to upstreams: OpenSSL over bytes that we move ourselves. It reads from what was received and
// writes into a buffer that is then sent, which costs 30 KiB a connection less than Asio's stream
// and one copy less a request (RFC 8446; verification as RFC 9110 4.3.4 asks).
#pragma once

#include "config/config.hpp"
#include "proxy/async.hpp"
#include "proxy/buffer.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace backstop::proxy {

class TlsContext;

// One connection's TLS state.
class TlsSession {
public:
    explicit TlsSession(std::shared_ptr<TlsContext> shared);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    // Takes raw bytes in; goes on with the handshake, or appends plain bytes to `in` until it holds
    // `up_to`. What did not fit is kept (has_pending()). asio::error::eof after close_notify.
    error_code decrypt(std::string_view raw, Buffer& in, std::size_t up_to);
    bool has_pending() const;

    // Appends records for as many bytes as fit a reasonable buffer; returns the number of bytes.
    std::size_t encrypt(std::string_view head, std::string_view body, error_code& ec);

    // Raw bytes to be sent.
    Buffer& out() { return out_; }
    bool ready() const { return ready_; }
    bool resumed() const;

    // The socket ended: eof if close_notify came first, else stream_truncated.
    error_code end_of_file() const;
    void say_goodbye();
    // What went wrong in the handshake, for a person: "certificate has expired".
    const std::string& trouble() const { return trouble_; }

private:
    struct FreeSsl {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    static int read_raw(BIO* bio, char* into, int size);
    static int write_raw(BIO* bio, const char* from, int size);
    static long control(BIO* bio, int command, long number, void* pointer);
    static BIO_METHOD* method();

    error_code failed(int result);
    error_code drain(Buffer& in, std::size_t up_to);

    std::shared_ptr<TlsContext> context_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    std::string_view feeding_{};  // raw bytes of the call under way
    Buffer raw_{0};               // raw bytes that were left
    Buffer out_{0};
    std::string trouble_{};
    bool ready_ = false;
    bool closed_ = false;
};

// A file of [upstream.tls] that cannot be used; what() says why, and the remedy. Its path is apart,
// since it may have come from ${}, and then must not be shown.
struct UnusableFile : std::runtime_error {
    UnusableFile(std::string which, std::string path, const std::string& problem)
        : std::runtime_error(problem), key(std::move(which)), file(std::move(path)) {}

    std::string key;  // "tls.ca_file"
    std::string file;
};

// What the connections to one upstream have in common: certificates, verification, and the last
// session, to be resumed. No 0-RTT: early data can be replayed (RFC 8446 8).
class TlsContext {
public:
    // Throws UnusableFile; std::runtime_error if OpenSSL or the system's certificates cannot be
    // used. `host` is what the certificate must be for, and is sent as SNI unless it is an IP
    // address.
    TlsContext(const config::Tls& options, const std::string& host);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    std::size_t trusted_certificates() const;  // in the store now; folders load on demand

private:
    friend class TlsSession;
    static int keep_session(SSL* ssl, SSL_SESSION* session);

    struct FreeContext {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, FreeContext> context_;
    std::string host_;
    bool verify_ = true;
    SSL_SESSION* last_session_ = nullptr;
};

}  // namespace backstop::proxy
