#include "proxy/dial.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace backstop::proxy {

namespace {

// How long one address may take before the next is tried beside it (RFC 8305 5).
constexpr policy::Duration stagger = std::chrono::milliseconds(250);

// One address being connected to. Outlives the race if it must: its handler holds it.
class Runner : public boost::intrusive_ref_counter<Runner, boost::thread_unsafe_counter> {
public:
    Runner(Executor executor, Wakeable& owner) : socket_(executor), owner_(&owner) {}

    void start(const Endpoint& to) {
        protocol_ = to.protocol();
        socket_.async_connect(to, [self = boost::intrusive_ptr<Runner>(this)](error_code ec) {
            self->done_ = true;
            self->error_ = ec;
            if (self->owner_ != nullptr) self->owner_->wake();
        });
    }
    void stop() {
        owner_ = nullptr;
        error_code ignored;
        socket_.close(ignored);
    }
    bool done() const { return done_; }
    error_code error() const { return error_; }
    // The connection as a new socket object. Asio watches a socket that it has connected for room
    // to write ever after, and each time that reading is watched anew the kernel reports that room:
    // one event a request for nothing. One that it is handed connected is watched for reading only.
    Socket take() {
        const Endpoint::protocol_type protocol = protocol_;
        error_code ec;
        const Socket::native_handle_type descriptor = socket_.release(ec);
        Socket fresh(socket_.get_executor());
        if (!ec) fresh.assign(protocol, descriptor, ec);
        return fresh;
    }

private:
    Socket socket_;
    Wakeable* owner_;
    Endpoint::protocol_type protocol_{AF_INET, 0};
    bool done_ = false;
    error_code error_{};
};
using RunnerPointer = boost::intrusive_ptr<Runner>;

// All runners of one race; those that are still running when it is over are stopped.
class Race {
public:
    Race(Executor executor, Wakeable& owner) : executor_(std::move(executor)), owner_(owner) {}
    ~Race() {
        for (const RunnerPointer& runner : runners_)
            runner->stop();
    }
    void start(const Endpoint& to) {
        runners_.push_back(new Runner(executor_, owner_));
        runners_.back()->start(to);
    }
    // The first that has connected, if one has.
    RunnerPointer winner() {
        for (const RunnerPointer& runner : runners_) {
            if (runner->done() && !runner->error()) return runner;
        }
        return nullptr;
    }
    bool all_failed() const {
        return std::all_of(runners_.begin(), runners_.end(), [](const RunnerPointer& runner) {
            return runner->done();
        });
    }
    error_code error() const { return runners_.back()->error(); }

private:
    Executor executor_;
    Wakeable& owner_;
    std::vector<RunnerPointer> runners_{};
};

Dialed failed(policy::Stage stage, policy::FailureKind kind, error_code cause) {
    Dialed dialed;
    dialed.failure.stage = stage;
    dialed.failure.kind = kind;
    dialed.failure.cause = cause;
    dialed.trouble = cause.message();
    return dialed;
}

// How long a step may take.
class Limit {
public:
    Limit(Context& context, Signal& signal)
        : context_(context), deadline_(context.deadlines, signal) {}
    void arm(policy::Instant at) { deadline_.arm(at); }
    bool expired() const { return deadline_.expired() || context_.drained(); }

private:
    const Context& context_;
    Deadline deadline_;
};

// A connection that nobody else has yet: closed at the end of the scope unless it was handed over.
// What it waits for would otherwise keep it alive, and its owner is gone by then.
class Unfinished {
public:
    Unfinished(Stream::Pointer stream, Signal& signal) : stream_(std::move(stream)) {
        stream_->owned_by(&signal);
    }
    ~Unfinished() {
        if (!stream_) return;
        stream_->owned_by(nullptr);
        stream_->close();
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    void hand_over() { stream_.reset(); }

private:
    Stream::Pointer stream_;
};

// A place among the resolver's waiters, left at the end of the scope.
struct Waiting {
    Resolver& resolver;
    Signal& signal;
    ~Waiting() { resolver.forget(signal); }
};

error_code or_timed_out(error_code cause) {
    return cause ? cause : error_code(asio::error::timed_out);
}

// The addresses, or why there are none.
Async<error_code> resolve(
    Resolver& resolver,
    Signal& signal,
    const Limit& limit,
    Deadlines& deadlines,
    std::vector<Endpoint>& endpoints
) {
    const Waiting waiting{resolver, signal};
    Deadline late(deadlines, signal);
    const std::vector<Endpoint>* found = resolver.lookup(signal);
    if (found == nullptr) late.arm(resolver.late_at());
    while (found == nullptr) {
        if (limit.expired() || resolver.error()) co_return or_timed_out(resolver.error());
        if (signal.quiet()) co_await signal.wait();
        // A failed look-up must not start another one within the same attempt.
        found = resolver.error() ? nullptr : resolver.lookup(signal);
    }
    endpoints = *found;
    co_return error_code();
}

Async<Dialed> connect(
    Resolver& resolver, Signal& signal, const Limit& limit, Deadlines& deadlines
) {
    const auto executor = co_await asio::this_coro::executor;
    std::vector<Endpoint> endpoints;
    const error_code unknown = co_await resolve(resolver, signal, limit, deadlines, endpoints);
    if (unknown) co_return failed(policy::Stage::resolve, policy::FailureKind::resolve, unknown);
    Race race(executor, signal);
    Deadline next(deadlines, signal);
    std::size_t started = 0;
    for (;;) {
        if (const RunnerPointer winner = race.winner()) {
            Dialed dialed;
            dialed.stream = new Stream(winner->take());
            co_return dialed;
        }
        const bool stuck = started == 0 || next.expired() || race.all_failed();
        if (stuck && started < endpoints.size()) {
            race.start(endpoints[started++]);
            next.arm(steady_now() + stagger);
            continue;
        }
        if (limit.expired() || race.all_failed()) {
            resolver.doubt();
            const error_code cause = or_timed_out(race.all_failed() ? race.error() : error_code());
            co_return failed(policy::Stage::connect, policy::FailureKind::connect, cause);
        }
        if (signal.quiet()) co_await signal.wait();
    }
}

// The tunnel through an egress proxy. False: it gave none; whatever it says but 2xx means that.
Async<bool> tunnel(Stream& stream, std::string request, Signal& signal, const Limit& limit) {
    constexpr std::size_t answer_max = 16 * 1024;
    std::size_t sent = stream.send(request);
    for (;;) {
        const std::string_view answer = stream.in().view();
        const std::size_t end = answer.find("\r\n\r\n");
        if (end != std::string_view::npos) {
            // HTTP-version SP status-code: "HTTP/1.1 200".
            const bool granted = answer.size() > 12 && answer.substr(0, 7) == "HTTP/1." &&
                                 answer.substr(8, 2) == " 2" && answer.size() == end + 4;
            if (granted) stream.in().consume(end + 4);
            co_return granted;
        }
        if (stream.ended() || stream.write_error() || limit.expired()) co_return false;
        stream.read_up_to(answer_max);
        if (signal.quiet()) co_await signal.wait();
        if (sent < request.size()) sent += stream.send(std::string_view(request).substr(sent));
    }
}

Dialed no_tunnel(const Limit& limit) {
    const error_code late = asio::error::timed_out;
    const error_code refused = asio::error::connection_refused;
    Dialed dialed = failed(
        policy::Stage::connect, policy::FailureKind::connect, limit.expired() ? late : refused
    );
    dialed.trouble = "the egress proxy gave no tunnel";
    return dialed;
}

// Until the handshake is done, or has failed.
Async<void> shake_hands(Stream& stream, Signal& signal, const Limit& limit) {
    while (!stream.tls_ready() && !stream.ended() && !stream.write_error() && !limit.expired()) {
        stream.read_up_to(1);
        if (signal.quiet()) co_await signal.wait();
    }
}

Dialed no_handshake(const Stream& stream) {
    const error_code cause = stream.ended()         ? stream.read_error()
                             : stream.write_error() ? stream.write_error()
                                                    : error_code(asio::error::timed_out);
    Dialed dialed = failed(policy::Stage::handshake, policy::FailureKind::tls, cause);
    if (!stream.tls()->trouble().empty()) dialed.trouble = stream.tls()->trouble();
    return dialed;
}

std::string base64(const std::string& text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(text.data()),
        static_cast<int>(text.size())
    );
    out.resize(static_cast<std::size_t>(size));
    return out;
}

}  // namespace

std::string connect_request(const config::EgressProxy& proxy, const config::Target& target) {
    const bool v6 = target.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + target.host + "]" : target.host;
    const std::string authority = host + ":" + std::to_string(target.port);
    std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!proxy.userinfo.empty()) {
        request += "Proxy-Authorization: Basic " + base64(proxy.userinfo) + "\r\n";
    }
    return request + "\r\n";
}

Async<Dialed> dial(DialTo to, Signal& signal, Context& context, policy::Instant give_up_at) {
    Limit limit(context, signal);
    limit.arm(std::min(give_up_at, steady_now() + to.timeout.connect));
    Dialed dialed = co_await connect(to.resolver, signal, limit, context.deadlines);
    if (!dialed.stream) co_return dialed;
    Stream& stream = *dialed.stream;
    Unfinished unfinished(dialed.stream, signal);
    stream.no_delay();
    if (!to.connect_request.empty()) {
        std::string request = std::move(to.connect_request);
        const bool granted = co_await tunnel(stream, std::move(request), signal, limit);
        if (!granted) co_return no_tunnel(limit);
    }
    if (to.tls) {
        limit.arm(std::min(give_up_at, steady_now() + to.timeout.tls));
        stream.start_tls(std::make_unique<TlsSession>(to.tls));
        co_await shake_hands(stream, signal, limit);
        if (!stream.tls_ready() || stream.ended()) co_return no_handshake(stream);
    }
    unfinished.hand_over();
    co_return dialed;
}

}  // namespace backstop::proxy
