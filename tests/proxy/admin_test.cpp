#include "proxy/admin.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;
namespace http = boost::beast::http;
using Response = http::response<http::string_body>;

config::Address loopback(unsigned short port) {
    config::Address address;
    address.host = "127.0.0.1";
    address.port = port;
    return address;
}

// A blocking client.
class Client {
public:
    explicit Client(unsigned short port) : socket_(io_) {
        socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    }

    void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }

    Response receive(bool to_head = false) {
        http::response_parser<http::string_body> parser;
        parser.skip(to_head);
        http::read(socket_, buffer_, parser);
        return parser.release();
    }

    Response get(const std::string& target) {
        send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return receive();
    }

    // True if the other side has ended the connection, without a byte more.
    bool ended() {
        char byte = 0;
        error_code ec;
        asio::read(socket_, asio::buffer(&byte, 1), ec);
        return ec == asio::error::eof || ec == asio::error::connection_reset;
    }

private:
    asio::io_context io_{};
    asio::ip::tcp::socket socket_;
    boost::beast::flat_buffer buffer_{};
};

class AdminTest : public testing::Test {
protected:
    AdminTest() {
        AdminSource source;
        source.started = [this] { return started_; };
        source.ready = [this] { return ready_; };
        source.metrics = [this]() -> std::string {
            if (broken_) throw std::runtime_error("no metrics today");
            return "backstop_up 1\n" + std::string(filler_, '#');
        };
        source.status = [] { return std::string("{\"version\":\"1\"}\n"); };
        source.page = [] { return std::string("<p>a page</p>"); };
        source_ = std::move(source);
    }
    ~AdminTest() override { stop(); }

    unsigned short start(Admin::Limits limits) {
        admin_ = std::make_unique<Admin>(io_.get_executor(), source_, limits);
        admin_->listen({loopback(0)});
        const unsigned short port = admin_->bound().at(0).port;
        thread_ = std::thread([this] { io_.run(); });
        return port;
    }
    unsigned short start() { return start(Admin::Limits{}); }

    // On the thread that serves.
    template <typename Do>
    auto there(Do what) {
        std::packaged_task<decltype(what())()> task(std::move(what));
        auto result = task.get_future();
        asio::post(io_, [&task] { task(); });
        return result.get();
    }

    void stop() {
        if (!thread_.joinable()) return;
        there([this] {
            admin_->close();
            until_stopped_.reset();
        });
        thread_.join();  // ends, because nothing is left to do
        EXPECT_EQ(admin_->connections(), 0);
    }

    asio::io_context io_{1};
    // With nobody connected and nothing listened on there would be nothing left to do before.
    asio::executor_work_guard<Executor> until_stopped_{io_.get_executor()};
    bool started_ = true;
    bool ready_ = true;
    bool broken_ = false;
    std::size_t filler_ = 0;
    AdminSource source_{};
    std::unique_ptr<Admin> admin_{};
    std::thread thread_{};
};

TEST_F(AdminTest, AnswersEachEndpoint) {
    Client client(start());
    const struct {
        const char* target;
        unsigned status;
        const char* type;
        const char* body;
    } rows[] = {
        {"/livez", 200, "text/plain; charset=utf-8", "ok\n"},
        {"/startupz", 200, "text/plain; charset=utf-8", "ok\n"},
        {"/readyz", 200, "text/plain; charset=utf-8", "ok\n"},
        {"/readyz?verbose", 200, "text/plain; charset=utf-8", "ok\n"},
        {"/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "backstop_up 1\n"},
        {"/status", 200, "application/json", "{\"version\":\"1\"}\n"},
        {"/metricsx",
         404,
         "text/plain; charset=utf-8",
         "not found; there is /livez /startupz /readyz /metrics /status and, for people, /\n"},
        {"/../metrics",
         404,
         "text/plain; charset=utf-8",
         "not found; there is /livez /startupz /readyz /metrics /status and, for people, /\n"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.target);
        const Response response = client.get(row.target);
        EXPECT_EQ(response.result_int(), row.status);
        EXPECT_EQ(response[http::field::content_type], row.type);
        EXPECT_EQ(response[http::field::cache_control], "no-store");
        EXPECT_EQ(response.body(), row.body);
    }
    const Response page = client.get("/");
    EXPECT_EQ(page.body(), "<p>a page</p>");
    EXPECT_EQ(page[http::field::content_type], "text/html; charset=utf-8");
    EXPECT_THAT(
        std::string(page["Content-Security-Policy"]), testing::StartsWith("default-src 'none'; ")
    );
    EXPECT_EQ(page["X-Content-Type-Options"], "nosniff");
    EXPECT_TRUE(client.get("/status")["Content-Security-Policy"].empty());
}

TEST_F(AdminTest, TellsStartingAndDrainingFromRunning) {
    started_ = false;
    ready_ = false;
    Client client(start());
    EXPECT_EQ(client.get("/livez").result_int(), 200);
    EXPECT_EQ(client.get("/startupz").result_int(), 503);
    EXPECT_EQ(client.get("/readyz").result_int(), 503);
    there([this] { started_ = ready_ = true; });
    EXPECT_EQ(client.get("/startupz").result_int(), 200);
    EXPECT_EQ(client.get("/readyz").result_int(), 200);
}

TEST_F(AdminTest, AnswersHeadWithoutABody) {
    Client client(start());
    client.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    const Response response = client.receive(true);
    EXPECT_EQ(response.result_int(), 200);
    EXPECT_EQ(response[http::field::content_length], "14");
    EXPECT_EQ(client.get("/livez").body(), "ok\n") << "on the same connection";
}

TEST_F(AdminTest, RefusesEverythingButGetAndHead) {
    const unsigned short port = start();
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "BREW"}) {
        SCOPED_TRACE(method);
        Client client(port);
        client.send(std::string(method) + " /status HTTP/1.1\r\nHost: a\r\n\r\n");
        const Response response = client.receive();
        EXPECT_EQ(response.result_int(), 405);
        EXPECT_EQ(response[http::field::allow], "GET, HEAD");
    }
    Client with_body(port);
    with_body.send("POST /quit HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    EXPECT_EQ(with_body.receive().result_int(), 405);
    EXPECT_TRUE(with_body.ended()) << "the body is not read";
}

TEST_F(AdminTest, RefusesWhatIsNotHttp) {
    const unsigned short port = start();
    Client client(port);
    client.send("hello\r\n\r\n");
    EXPECT_EQ(client.receive().result_int(), 400);
    EXPECT_TRUE(client.ended());

    Client endless(port);
    endless.send("GET / HTTP/1.1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n");
    EXPECT_EQ(endless.receive().result_int(), 431);
}

TEST_F(AdminTest, ClosesWhereTheClientAsksForIt) {
    Client client(start());
    client.send("GET /livez HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.receive().result_int(), 200);
    EXPECT_TRUE(client.ended());
}

TEST_F(AdminTest, ClosesASilentConnection) {
    Client client(start({.patience = 20ms}));
    EXPECT_TRUE(client.ended());
}

TEST_F(AdminTest, MakesRoomForTheNextProbeAtItsLimit) {
    const unsigned short port = start({.connections = 2});
    Client silent(port);
    Client spoke(port);
    EXPECT_EQ(spoke.get("/livez").result_int(), 200);
    Client probe(port);
    EXPECT_EQ(probe.get("/livez").result_int(), 200);
    EXPECT_TRUE(silent.ended());
    EXPECT_EQ(spoke.get("/livez").result_int(), 200);
    EXPECT_EQ(there([this] { return admin_->connections(); }), 2);
}

TEST_F(AdminTest, SendsALargeAnswerWhole) {
    filler_ = 5'000'000;
    Client client(start());
    EXPECT_EQ(client.get("/metrics").body().size(), 5'000'014);
}

TEST_F(AdminTest, AnswersAFailureOfItsSource) {
    broken_ = true;
    Client client(start());
    EXPECT_EQ(client.get("/metrics").result_int(), 500);
    EXPECT_EQ(client.get("/livez").result_int(), 200);
}

TEST_F(AdminTest, NamesTheAddressAndTheRemedyIfItCannotBind) {
    const unsigned short port = start();
    Admin other(io_.get_executor(), source_);
    try {
        other.listen({loopback(0), loopback(port)});
        FAIL() << "two listeners on one address";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(
            error.what(), testing::HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(port))
        );
        EXPECT_THAT(error.what(), testing::HasSubstr("stop what listens there"));
    }
    EXPECT_TRUE(other.bound().empty()) << "all or nothing";
}

TEST_F(AdminTest, StopsListeningOnOneAddress) {
    const unsigned short port = start();
    Client before(port);
    EXPECT_EQ(before.get("/livez").result_int(), 200);
    there([&] { admin_->unlisten(loopback(port)); });
    EXPECT_THROW(Client{port}, boost::system::system_error);
    EXPECT_EQ(before.get("/livez").result_int(), 200) << "connections go on";
}

TEST_F(AdminTest, ServesAUnixSocketAndReplacesALeftover) {
    const std::string path =
        testing::TempDir() + "backstop_admin_test." + std::to_string(::getpid());
    config::Address address;
    address.unix_path = path;
    {
        // As a process that was killed leaves it.
        asio::local::stream_protocol::acceptor dead(io_, {path});
    }
    ASSERT_EQ(::access(path.c_str(), F_OK), 0);
    {
        Admin admin(io_.get_executor(), source_);
        admin.listen({address});
        // In use by a living process: refused.
        Admin second(io_.get_executor(), source_);
        EXPECT_THROW(second.listen({address}), std::runtime_error);
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0) << "left behind";
}

}  // namespace
}  // namespace backstop::proxy
