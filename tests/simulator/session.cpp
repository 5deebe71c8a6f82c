// One connection: requests in, answers out, and the faults carried out at their stages. The only
// file that parses HTTP.

#include "tests/simulator/session.hpp"

#include "tests/simulator/control.hpp"
#include "tests/simulator/wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>

namespace simulator {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t head_bytes_max = 64 * 1024;
constexpr std::uint64_t body_bytes_max = 16 * 1024 * 1024;
constexpr std::chrono::milliseconds piece_interval{100};  // of a slow body
constexpr std::chrono::milliseconds stream_interval{10};  // at which a stream is asked
constexpr std::uint64_t no_entry = 0;                     // in the journal

Request head_of(const Parser& parser) {
    Request request;
    request.method = std::string(parser.get().method_string());
    request.target = std::string(parser.get().target());
    for (const auto& field : parser.get()) {
        request.fields.push_back(Field{
            .name = std::string(field.name_string()), .value = std::string(field.value())});
    }
    return request;
}

int status_for(ErrorCode failure) {
    if (failure == http::error::body_limit) return 413;
    if (failure == http::error::header_limit) return 431;
    return 400;
}

bool expects_continue(const Request& head) {
    const std::string* expect = find_field(head.fields, "Expect");
    return expect && beast::iequals(*expect, "100-continue");
}

class Session {
public:
    Session(Channel& channel, World& world, std::uint64_t connection)
        : channel_(channel),
          world_(world),
          connection_(connection),
          address_(channel.peer_address()) {}

    Async<void> run();

private:
    // What becomes of the connection, told by each step; `gone` has nothing more to be done.
    enum class Next {
        another_request,
        gone
    };

    Async<Next> exchange();
    Async<Next> refuse(ErrorCode failure);
    Async<Next> tell(Response response, Framing framing);
    Async<Next> tell_disturbed(
        std::uint64_t sequence, Response response, const Disturbance& disturbance, Framing framing
    );
    Async<Next> tell_stream(
        std::uint64_t sequence, Response response, const Disturbance& disturbance, Framing framing
    );
    Async<Next> broken_off(const Disturbance& disturbance, Stage stage);
    Async<Next> end(Ending ending);

    Async<ErrorCode> read_until_head(Parser& parser);
    Async<ErrorCode> read_until_done(Parser& parser);
    Async<ErrorCode> read_more(Parser& parser);
    Async<ErrorCode> send(const Wire& wire, std::uint64_t sequence, int status);
    Async<void> sleep(std::chrono::milliseconds duration);

    Channel& channel_;
    World& world_;
    std::uint64_t connection_;
    std::string address_;
    beast::flat_buffer buffer_;
};

Async<void> Session::run() {
    for (;;) {
        const Next next = co_await exchange();
        if (next == Next::gone) co_return;
    }
}

Async<Session::Next> Session::exchange() {
    Parser parser;
    parser.header_limit(head_bytes_max);
    parser.body_limit(body_bytes_max);
    ErrorCode failure = co_await read_until_head(parser);
    if (failure) co_return co_await refuse(failure);

    Request request = head_of(parser);
    request.address = address_;
    const bool controlled = is_control(request);
    Disturbance disturbance;
    if (!controlled) disturbance = world_.draw(request);
    if (disturbance.main && disturbance.main->stage == Stage::before_reading) {
        world_.arrived(request, connection_, channel_.is_tls(), disturbance);
        co_return co_await broken_off(disturbance, Stage::before_reading);
    }
    if (expects_continue(request)) {
        const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await channel_.write(asio::buffer(go_on));
    }
    failure = co_await read_until_done(parser);
    const Framing framing{
        .head_request = request.method == "HEAD",
        .keep_alive = parser.get().keep_alive(),
        .chunks = parser.get().version() > 10};
    request.body = std::move(parser.get().body());
    if (controlled && !failure) {
        Response response = control(world_, request);
        co_return co_await tell(std::move(response), framing);
    }
    const std::uint64_t sequence =
        world_.arrived(request, connection_, channel_.is_tls(), disturbance);
    if (failure) {
        world_.unanswered(sequence, "incomplete: " + failure.message());
        co_return co_await refuse(failure);
    }

    co_await sleep(disturbance.wait_before_processing);
    const bool broken_before = disturbance.is(FaultType::reset, Stage::before_processing) ||
                               disturbance.is(FaultType::hang, Stage::before_processing);
    if (broken_before) co_return co_await broken_off(disturbance, Stage::before_processing);

    const Fault* main = disturbance.main ? &*disturbance.main : nullptr;
    const bool instead = main && main->code != 0;
    const bool acts = !instead || main->stage == Stage::after_processing;
    Response response;
    if (acts) response = world_.process(sequence, request);
    if (instead) response = world_.fault_answer(*main, request);

    co_await sleep(disturbance.wait_after_processing);
    if (main && main->stage == Stage::after_processing && !instead) {
        co_return co_await broken_off(disturbance, Stage::after_processing);
    }
    if (response.stream && !main && !framing.head_request) {
        co_return co_await tell_stream(sequence, std::move(response), disturbance, framing);
    }
    if (response.stream) {
        response.body = world_.stream_due(*response.stream);
        disturbance.chunked = true;
    }
    co_return co_await tell_disturbed(sequence, std::move(response), disturbance, framing);
}

// The request cannot be read to its end: says so where anybody can still be listening.
Async<Session::Next> Session::refuse(ErrorCode failure) {
    const ErrorCode some_parse_error = http::error::bad_target;
    const bool ours_to_answer = failure.category() == some_parse_error.category() &&
                                failure != http::error::end_of_stream &&
                                failure != http::error::partial_message;
    if (ours_to_answer) {
        Response response = world_.bad_request(status_for(failure));
        Framing framing;
        framing.keep_alive = false;
        co_return co_await tell(std::move(response), framing);
    }
    co_return co_await end(Ending::close);
}

Async<Session::Next> Session::tell(Response response, Framing framing) {
    const Disturbance none;
    const Wire wire = compose(std::move(response), none, framing, world_.now());
    const ErrorCode failure = co_await send(wire, no_entry, 0);
    co_return co_await end(failure ? Ending::close : wire.ending);
}

Async<Session::Next> Session::tell_disturbed(
    std::uint64_t sequence, Response response, const Disturbance& disturbance, Framing framing
) {
    const int status = response.status;
    const Wire wire = compose(std::move(response), disturbance, framing, world_.now());
    const ErrorCode failure = co_await send(wire, sequence, status);
    if (failure) world_.unanswered(sequence, "not sent: " + failure.message());
    co_return co_await end(failure ? Ending::close : wire.ending);
}

// In chunks, each as soon as it is due, until the client leaves. A stream that a fault is to break
// is not told here: its beginning is told as a body like any other.
Async<Session::Next> Session::tell_stream(
    std::uint64_t sequence, Response response, const Disturbance& disturbance, Framing framing
) {
    const int status = response.status;
    const std::shared_ptr<Stream> stream = response.stream;
    Wire wire = compose_stream_head(response, framing, world_.now());
    ErrorCode failure = co_await send(wire, sequence, status);
    wire.bytes_per_second = disturbance.bytes_per_second;
    while (!failure) {
        const std::string due = world_.stream_due(*stream);
        if (due.empty()) {
            co_await sleep(stream_interval);
            continue;
        }
        wire.bytes = framing.chunks ? chunk(due) : due;
        wire.head_bytes = 0;
        failure = co_await send(wire, no_entry, 0);
    }
    co_return co_await end(Ending::close);
}

Async<Session::Next> Session::broken_off(const Disturbance& disturbance, Stage stage) {
    const bool hangs = disturbance.is(FaultType::hang, stage);
    co_return co_await end(hangs ? Ending::hang : Ending::reset);
}

Async<Session::Next> Session::end(Ending ending) {
    switch (ending) {
        case Ending::keep:
            co_return Next::another_request;
        case Ending::close:
            co_await channel_.close();
            break;
        case Ending::close_on_next_request:
            if (buffer_.size() == 0) co_await channel_.wait_for_bytes();
            channel_.reset();
            break;
        case Ending::reset:
            channel_.reset();
            break;
        case Ending::hang:
            co_await channel_.wait_for_close();
            break;
    }
    co_return Next::gone;
}

Async<ErrorCode> Session::read_until_head(Parser& parser) {
    parser.eager(false);
    ErrorCode failure;
    while (!failure && !parser.is_header_done())
        failure = co_await read_more(parser);
    parser.eager(true);
    co_return failure;
}

Async<ErrorCode> Session::read_until_done(Parser& parser) {
    ErrorCode failure;
    while (!failure && !parser.is_done())
        failure = co_await read_more(parser);
    co_return failure;
}

// Parses what is there, and reads from the connection where that does not get any further.
Async<ErrorCode> Session::read_more(Parser& parser) {
    ErrorCode failure;
    const std::size_t used = buffer_.size() == 0 ? 0 : parser.put(buffer_.data(), failure);
    buffer_.consume(used);
    if (failure == http::error::need_more) failure = ErrorCode();
    if (failure || used > 0) co_return failure;
    const asio::mutable_buffer room = buffer_.prepare(16 * 1024);
    const auto [ended, bytes] = co_await channel_.read_some(room);
    buffer_.commit(bytes);
    if (!ended) co_return ended;
    co_return parser.got_some() ? http::error::partial_message : http::error::end_of_stream;
}

Async<ErrorCode> Session::send(const Wire& wire, std::uint64_t sequence, int status) {
    const std::string_view bytes = wire.bytes;
    const std::int64_t pace = wire.bytes_per_second;
    const std::size_t per_piece = static_cast<std::size_t>(std::max<std::int64_t>(1, pace / 10));
    const auto interval = pace < 10
                              ? std::chrono::milliseconds(1000 / std::max<std::int64_t>(1, pace))
                              : piece_interval;
    ErrorCode failure;
    std::size_t sent = 0;
    std::size_t next = pace == 0 ? bytes.size() : wire.head_bytes;
    while (!failure && sent < bytes.size()) {
        if (sent > 0) co_await sleep(interval);
        if (next == bytes.size()) world_.answered(sequence, status);
        failure = co_await channel_.write(asio::buffer(bytes.substr(sent, next - sent)));
        sent = next;
        next = std::min(bytes.size(), sent + per_piece);
    }
    co_return failure;
}

Async<void> Session::sleep(std::chrono::milliseconds duration) {
    if (duration.count() == 0) co_return;
    asio::steady_timer timer(channel_.executor(), duration);
    co_await timer.async_wait(nothrow);
}

// Counts the connection as open for as long as it lives.
class Presence {
public:
    explicit Presence(World& world) : world_(world), number_(world.connection_opened()) {}
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() { world_.connection_closed(); }

    std::uint64_t number() const { return number_; }

private:
    World& world_;
    std::uint64_t number_;
};

}  // namespace

Async<void> serve(asio::ip::tcp::socket socket, Service service, World& world) {
    const Presence presence(world);
    Channel channel(std::move(socket), service.tls);
    Disturbance disturbance;
    if (service.faults_at_accept) disturbance = world.draw_at_accept();
    if (disturbance.is(FaultType::reset, Stage::at_accept)) {
        channel.reset();
        co_return;
    }
    if (disturbance.main) {
        co_await channel.wait_for_raw_close();
        co_return;
    }
    const ErrorCode failure = co_await channel.handshake();
    if (failure) co_return;
    Session session(channel, world, presence.number());
    co_await session.run();
}

}  // namespace simulator
