// The TLS listener, with a certificate made for the test.

#include "tests/simulator/raw_client.hpp"
#include "tests/simulator/simulator.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace simulator {
namespace {

template <auto function>
struct Freed {
    template <typename T>
    void operator()(T* pointer) const {
        function(pointer);
    }
};

class Certificate {
public:
    Certificate() {
        const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
        const std::unique_ptr<X509, Freed<X509_free>> certificate(X509_new());
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_pubkey(certificate.get(), key.get());
        X509_sign(certificate.get(), key.get(), EVP_sha256());
        std::FILE* out = std::fopen(file.c_str(), "w");
        PEM_write_X509(out, certificate.get());
        PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(out);
    }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;
    ~Certificate() { std::filesystem::remove(file); }

    std::string file = testing::TempDir() + "simulator-" + std::to_string(getpid()) + ".pem";
};

class TlsClient : public RawClient {
public:
    explicit TlsClient(std::uint16_t port)
        : RawClient(port),
          context_(SSL_CTX_new(TLS_client_method())),
          ssl_(SSL_new(context_.get())) {
        static constexpr unsigned char protocols[] = "\x02h2\x08http/1.1";
        SSL_set_alpn_protos(ssl_.get(), protocols, sizeof protocols - 1);
        SSL_set_fd(ssl_.get(), descriptor());
    }

    bool shake_hands() { return SSL_connect(ssl_.get()) == 1; }

    std::string protocol() const {
        const unsigned char* name = nullptr;
        unsigned int size = 0;
        SSL_get0_alpn_selected(ssl_.get(), &name, &size);
        return {reinterpret_cast<const char*>(name), size};
    }

protected:
    long read_some(char* into, std::size_t size) override {
        errno = 0;
        const int bytes = SSL_read(ssl_.get(), into, static_cast<int>(size));
        if (bytes > 0) return bytes;
        return SSL_get_error(ssl_.get(), bytes) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
    }

    long write_some(const char* from, std::size_t size) override {
        return SSL_write(ssl_.get(), from, static_cast<int>(size));
    }

private:
    std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context_;
    std::unique_ptr<SSL, Freed<SSL_free>> ssl_;
};

class SimulatorTls : public testing::Test {
protected:
    Simulator::Options options(std::vector<std::string> faults = {}) const {
        return Simulator::Options{
            .tls_listen = "127.0.0.1:0",
            .certificate_file = certificate.file,
            .private_key_file = certificate.file,
            .faults = std::move(faults)};
    }

    Certificate certificate;
};

TEST_F(SimulatorTls, ServesBesideThePlainListener) {
    Simulator api(options());
    TlsClient client(api.tls_port());
    ASSERT_TRUE(client.shake_hands());
    EXPECT_EQ(client.protocol(), "http/1.1");
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    RawClient plain(api.port());
    plain.send(end_request("call_1"));
    EXPECT_EQ(status_of(plain.read_response()), 200);
    ASSERT_EQ(api.journal().size(), 2U);
    EXPECT_TRUE(api.journal()[0].tls);
    EXPECT_FALSE(api.journal()[1].tls);
}

TEST_F(SimulatorTls, SaysGoodbyeWhereItClosesCleanly) {
    Simulator api(options({"truncate"}));
    TlsClient client(api.tls_port());
    ASSERT_TRUE(client.shake_hands());
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_all()), 200);
    EXPECT_EQ(client.last(), Seen::end) << "a close_notify came";
}

TEST_F(SimulatorTls, IsResetWithoutGoodbye) {
    Simulator api(options({"reset"}));
    TlsClient client(api.tls_port());
    ASSERT_TRUE(client.shake_hands());
    client.send(start_request("call_1"));
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(client.last(), Seen::reset);
}

TEST_F(SimulatorTls, IsResetBeforeTheHandshake) {
    Simulator api(options({"reset stage=at_accept"}));
    TlsClient client(api.tls_port());
    EXPECT_FALSE(client.shake_hands());
    EXPECT_TRUE(api.wait_for_open_connections(0));
}

TEST_F(SimulatorTls, LosesTheNextRequestOnAKeptConnection) {
    Simulator api(options({"close_idle when=next_request"}));
    TlsClient client(api.tls_port());
    ASSERT_TRUE(client.shake_hands());
    client.send(start_request("call_1"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    client.send(start_request("call_2"));
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(api.journal().size(), 1U);
}

TEST_F(SimulatorTls, OutlivesAClientThatSpeaksPlain) {
    Simulator api(options());
    RawClient confused(api.tls_port());
    confused.send("GET / HTTP/1.1\r\n\r\n");
    confused.read_all();
    TlsClient client(api.tls_port());
    EXPECT_TRUE(client.shake_hands());
}

}  // namespace
}  // namespace simulator
