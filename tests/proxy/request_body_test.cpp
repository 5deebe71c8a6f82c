// A request body on its way from a client's socket to one attempt after the other.
#include "proxy/request_body.hpp"

#include "proxy/head_rules.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace backstop::proxy {
namespace {

constexpr std::string_view upstream_head = "POST / HTTP/1.1\r\n\r\n";

// A connected pair: a Stream at one end, plain system calls at the other.
class Pipe {
public:
    explicit Pipe(asio::io_context& io) : io_(io) {
        std::array<int, 2> ends{};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
        Socket socket(io);
        socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), ends[0]);
        stream_ = new Stream(std::move(socket));
        far_ = ends[1];
    }
    ~Pipe() {
        stream_->close();
        end();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    Stream& stream() { return *stream_; }
    void say(std::string_view bytes) {
        EXPECT_EQ(write(far_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    void end() {
        if (far_ >= 0) close(far_);
        far_ = -1;
    }
    std::string heard() {
        std::string all;
        std::array<char, 65536> piece{};
        for (ssize_t count = 1; count > 0;) {
            count = recv(far_, piece.data(), piece.size(), MSG_DONTWAIT);
            if (count > 0) all.append(piece.data(), static_cast<std::size_t>(count));
        }
        return all;
    }

private:
    asio::io_context& io_;
    Stream::Pointer stream_{};
    int far_ = -1;
};

class RequestBodyTest : public testing::Test {
protected:
    // The head of a request has come, and as much of the body as is behind it.
    void begin(const std::string& fields, std::string_view body, RequestBody::Options options) {
        const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
        parser_.emplace(request_, HeadLimits{});
        ASSERT_EQ(parser_->put_head(head), head.size());
        ASSERT_FALSE(judge_request(request_));
        parser_->begin_body();
        body_.emplace(client_.stream(), *parser_, request_, memory_, options);
        more(body);
    }
    void more(std::string_view body) {
        if (!body.empty()) client_.say(body);
        body_->pull();
        io_.restart();
        io_.poll();
        body_->pull();
    }
    void end_of_client() {
        client_.end();
        more("");
    }
    static RequestBody::Options keep(std::size_t max) { return {max, 0}; }

    asio::io_context io_{};
    Pipe client_{io_};
    Message request_{};
    std::optional<RequestParser> parser_{};
    ReplayMemory memory_{1024, 0};
    std::optional<RequestBody> body_{};
};

TEST_F(RequestBodyTest, IsSentAlikeEachTime) {
    begin("Content-Length: 10\r\n", "0123", keep(100));
    EXPECT_TRUE(body_->wait_for_whole());
    more("456789");
    ASSERT_TRUE(body_->whole());
    for (int attempt = 0; attempt < 3; ++attempt) {
        Pipe upstream(io_);
        RequestSender sender(upstream_head, *body_, upstream.stream());
        sender.pump(upstream.stream());
        EXPECT_TRUE(sender.done());
        EXPECT_EQ(upstream.heard(), std::string(upstream_head) + "0123456789");
    }
}

TEST_F(RequestBodyTest, OfUnknownLengthFlowsAndIsKeptAllTheSame) {
    begin("Transfer-Encoding: chunked\r\n", "4\r\n0123\r\n", keep(100));
    EXPECT_FALSE(body_->wait_for_whole());
    std::string first;
    {
        Pipe upstream(io_);
        RequestSender sender(upstream_head, *body_, upstream.stream());
        sender.pump(upstream.stream());
        EXPECT_FALSE(sender.done());
        more("6;x=y\r\n456789\r\n0\r\nTrailer: dropped\r\n\r\n");
        ASSERT_TRUE(body_->whole());
        sender.pump(upstream.stream());
        EXPECT_TRUE(sender.done());
        EXPECT_EQ(
            upstream.heard(), std::string(upstream_head) + "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"
        );
    }
    EXPECT_TRUE(body_->kept());
    Pipe upstream(io_);
    RequestSender sender(upstream_head, *body_, upstream.stream());
    sender.pump(upstream.stream());
    EXPECT_EQ(upstream.heard(), std::string(upstream_head) + "a\r\n0123456789\r\n0\r\n\r\n");
}

TEST_F(RequestBodyTest, BeyondItsCapIsSentOnceAndCountsUntilThen) {
    begin("Transfer-Encoding: chunked\r\n", "4\r\n0123\r\n", keep(8));
    Pipe upstream(io_);
    RequestSender sender(upstream_head, *body_, upstream.stream());
    sender.pump(upstream.stream());
    EXPECT_EQ(memory_.used, 4U);
    more("6\r\n456789\r\n0\r\n\r\n");
    EXPECT_FALSE(body_->kept());
    EXPECT_EQ(memory_.used, 10U);
    sender.pump(upstream.stream());
    EXPECT_TRUE(sender.done());
    EXPECT_EQ(memory_.used, 0U);
    EXPECT_EQ(
        upstream.heard(), std::string(upstream_head) + "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"
    );
}

TEST_F(RequestBodyTest, IsNotKeptWhereItsLengthSaysThatItIsTooLong) {
    begin("Content-Length: 9\r\n", "012345678", keep(8));
    EXPECT_FALSE(body_->kept());
    EXPECT_FALSE(body_->wait_for_whole());
}

TEST_F(RequestBodyTest, SharesTheMemoryForAllBodies) {
    memory_.used = 1020;
    begin("Content-Length: 10\r\n", "0123456789", keep(100));
    EXPECT_TRUE(body_->whole());
    EXPECT_FALSE(body_->kept());
    body_.reset();
    EXPECT_EQ(memory_.used, 1020U);
}

TEST_F(RequestBodyTest, GivesItsMemoryBack) {
    begin("Content-Length: 10\r\n", "0123456789", keep(100));
    EXPECT_EQ(memory_.used, 10U);
    body_.reset();
    EXPECT_EQ(memory_.used, 0U);
}

TEST_F(RequestBodyTest, WhoseSenderVanishedIsNeverEnded) {
    begin("Transfer-Encoding: chunked\r\n", "4\r\n0123\r\n", keep(100));
    Pipe upstream(io_);
    RequestSender sender(upstream_head, *body_, upstream.stream());
    end_of_client();
    EXPECT_EQ(body_->state(), RequestBody::State::gone);
    sender.pump(upstream.stream());
    EXPECT_FALSE(sender.done());
    EXPECT_EQ(upstream.heard(), std::string(upstream_head) + "4\r\n0123\r\n");
}

TEST_F(RequestBodyTest, WithABadChunkIsNoBody) {
    begin("Transfer-Encoding: chunked\r\n", "4\r\n0123456\r\n", keep(100));
    EXPECT_EQ(body_->state(), RequestBody::State::bad);
}

TEST_F(RequestBodyTest, BeyondTheLimitIsTooLarge) {
    begin("Content-Length: 10\r\n", "", {100, 9});
    EXPECT_EQ(body_->state(), RequestBody::State::too_large);
    begin("Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n", {100, 9});
    EXPECT_EQ(body_->state(), RequestBody::State::too_large);
}

// A chunk line or trailers without end are not waited for without bound.
TEST_F(RequestBodyTest, WithAnEndlessChunkLineIsBad) {
    begin("Transfer-Encoding: chunked\r\n", "1;" + std::string(10'000, 'x'), keep(100));
    EXPECT_EQ(body_->state(), RequestBody::State::reading);
    more(std::string(10'000, 'x'));
    more("");
    EXPECT_EQ(body_->state(), RequestBody::State::bad);
}

}  // namespace
}  // namespace backstop::proxy
