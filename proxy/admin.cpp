#include "proxy/admin.hpp"

#include "proxy/acceptor.hpp"
#include "proxy/admin_answer.hpp"
#include "proxy/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/rate_policy.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <list>
#include <optional>
#include <utility>

namespace backstop::proxy {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using AdminStream =
    beast::basic_stream<asio::generic::stream_protocol, Executor, beast::unlimited_rate_policy>;
using AdminParser = http::request_parser<http::empty_body>;
using AdminResponse = http::response<http::string_body>;

// Descriptors have run out, or the like: how long until it is tried again.
constexpr policy::Duration accept_pause = std::chrono::milliseconds(200);
constexpr std::uint32_t head_bytes_max = 8 * 1024;

// A request that is being answered.
struct Asked {
    explicit Asked(const Executor& executor) : answered(executor, Timer::time_point::max()) {}
    Timer answered;  // cancelled once the answer is there
    std::optional<AdminAnswer> answer{};
};

struct Connection {
    explicit Connection(Socket socket) : stream(std::move(socket)) {}
    AdminStream stream;
};

AdminResponse make_response(AdminAnswer answer, bool head, bool keep_alive) {
    AdminResponse response(http::int_to_status(answer.status), 11);
    response.set(http::field::content_type, beast::string_view(answer.content_type));
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    if (!answer.content_security_policy.empty()) {
        response.set("Content-Security-Policy", beast::string_view(answer.content_security_policy));
    }
    if (!answer.allow.empty()) response.set(http::field::allow, beast::string_view(answer.allow));
    response.content_length(answer.body.size());
    response.keep_alive(keep_alive);
    if (!head) response.body() = std::move(answer.body);
    return response;
}

void report_escaped(const std::exception_ptr& escaped) {
    if (!escaped) return;
    try {
        std::rethrow_exception(escaped);
    } catch (const std::exception& error) {
        log::error("the admin listener met a bug", {{"error", error.what()}});
    } catch (...) {
        log::error("the admin listener met a bug of unknown type");
    }
}

// The client spoke, but not HTTP as we take it: rather than having left or fallen silent.
bool is_malformed(const error_code& ec) {
    return ec.category() == http::make_error_code(http::error::bad_value).category() &&
           ec != http::error::end_of_stream && ec != http::error::partial_message;
}

}  // namespace

struct Admin::State : std::enable_shared_from_this<State> {
    State(Executor on, Answerer answers, Limits limited)
        : executor(std::move(on)), answerer(std::move(answers)), limits(limited) {}

    Executor executor;
    Answerer answerer;
    Limits limits;
    std::vector<std::shared_ptr<Bound>> listening{};
    std::list<std::shared_ptr<Connection>> connections{};  // silent for longest first

    void start(std::shared_ptr<Bound> one) {
        asio::co_spawn(executor, accept(shared_from_this(), std::move(one)), report_escaped);
    }

    void admit(Socket socket) {
        if (connections.size() >= limits.connections) {
            connections.front()->stream.close();
            connections.pop_front();
        }
        const auto& connection =
            connections.emplace_back(std::make_shared<Connection>(std::move(socket)));
        asio::co_spawn(executor, serve(shared_from_this(), connection), report_escaped);
    }

    void spoke(const std::shared_ptr<Connection>& connection) {
        const auto found = std::ranges::find(connections, connection);
        if (found != connections.end()) connections.splice(connections.end(), connections, found);
    }

    static Async<void> accept(std::shared_ptr<State> state, std::shared_ptr<Bound> one);
    static Async<void> serve(std::shared_ptr<State> state, std::shared_ptr<Connection> connection);
    static Async<void> converse(State& state, const std::shared_ptr<Connection>& connection);
    static Async<AdminAnswer> ask(State& state, const AdminParser& parser);
};

Async<void> Admin::State::accept(std::shared_ptr<State> state, std::shared_ptr<Bound> one) {
    const UseAwaitable token;
    Timer pause(state->executor);
    while (one->acceptor.is_open()) {
        Socket socket(state->executor);
        error_code ec;
        co_await one->acceptor.async_accept(socket, asio::redirect_error(token, ec));
        if (!ec) {
            state->admit(std::move(socket));
        } else if (ec != asio::error::operation_aborted && ec != asio::error::connection_aborted) {
            pause.expires_after(accept_pause);
            co_await pause.async_wait(asio::redirect_error(token, ec));
        }
    }
}

Async<void> Admin::State::serve(
    std::shared_ptr<State> state, std::shared_ptr<Connection> connection
) {
    std::exception_ptr escaped;
    try {
        co_await converse(*state, connection);
    } catch (...) {
        escaped = std::current_exception();
    }
    state->connections.remove(connection);
    connection->stream.close();
    report_escaped(escaped);
}

Async<AdminAnswer> Admin::State::ask(State& state, const AdminParser& parser) {
    const UseAwaitable token;
    const auto asked = std::make_shared<Asked>(state.executor);
    const auto done = [asked](AdminAnswer answer) {
        asked->answer = std::move(answer);
        asked->answered.cancel();
    };
    const auto& request = parser.get();
    state.answerer(
        std::string_view(request.method_string()), std::string_view(request.target()), done
    );
    error_code cancelled;
    if (!asked->answer) co_await asked->answered.async_wait(asio::redirect_error(token, cancelled));
    co_return std::move(*asked->answer);
}

Async<void> Admin::State::converse(State& state, const std::shared_ptr<Connection>& connection) {
    const UseAwaitable token;
    AdminStream& stream = connection->stream;
    beast::flat_buffer buffer(head_bytes_max);
    bool keep_alive = true;
    while (keep_alive) {
        AdminParser parser;
        parser.header_limit(head_bytes_max);
        error_code ec;
        stream.expires_after(state.limits.patience);
        co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(token, ec));
        AdminAnswer answer;
        bool head = false;
        if (!ec) {
            const auto& request = parser.get();
            head = request.method() == http::verb::head;
            keep_alive = request.keep_alive() && parser.is_done();  // a body is not read
            answer = co_await ask(state, parser);
        } else if (is_malformed(ec)) {
            answer.status = ec == http::error::header_limit ? 431 : 400;
            answer.body = "bad request\n";
            keep_alive = false;
        } else {
            co_return;  // it has left, or was silent for too long
        }
        state.spoke(connection);
        AdminResponse response = make_response(std::move(answer), head, keep_alive);
        stream.expires_after(state.limits.patience);
        co_await http::async_write(stream, response, asio::redirect_error(token, ec));
        if (ec) co_return;
    }
    error_code ignored;
    stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
}

Admin::Admin(Executor executor, Answerer answerer, Limits limits)
    : state_(std::make_shared<State>(executor, std::move(answerer), limits)) {}

Admin::Admin(Executor executor, AdminSource source, Limits limits)
    : Admin(
          executor,
          [source = std::move(source)](
              std::string_view method, std::string_view target, const Done& done
          ) { done(answer_admin(source, method, target)); },
          limits
      ) {}

Admin::Admin(Executor executor, AdminSource source)
    : Admin(executor, std::move(source), Limits{}) {}

Admin::~Admin() {
    close();
}

void Admin::listen(const std::vector<config::Address>& addresses) {
    std::vector<Bound> sockets;
    sockets.reserve(addresses.size());
    for (const config::Address& address : addresses)
        sockets.push_back(bind(state_->executor, address));
    serve(std::move(sockets));
}

void Admin::serve(std::vector<Bound> sockets) {
    for (Bound& socket : sockets) {
        const auto one = std::make_shared<Bound>(std::move(socket));
        state_->listening.push_back(one);
        state_->start(one);
    }
}

std::vector<config::Address> Admin::bound() const {
    std::vector<config::Address> addresses;
    for (const auto& one : state_->listening)
        addresses.push_back(one->address);
    return addresses;
}

void Admin::unlisten(const config::Address& address) {
    const auto found = std::ranges::find_if(state_->listening, [&](const auto& one) {
        return one->address == address || one->configured == address;
    });
    if (found == state_->listening.end()) return;
    unbind((*found)->acceptor, (*found)->address);
    state_->listening.erase(found);
}

void Admin::close() {
    for (const auto& one : state_->listening)
        unbind(one->acceptor, one->address);
    state_->listening.clear();
    for (const auto& connection : state_->connections)
        connection->stream.close();
    state_->connections.clear();
}

std::size_t Admin::connections() const {
    return state_->connections.size();
}

}  // namespace backstop::proxy
