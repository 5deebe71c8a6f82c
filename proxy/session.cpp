#include "proxy/session.hpp"

#include "proxy/exchange.hpp"
#include "proxy/head_rules.hpp"
#include "proxy/reply.hpp"

#include <exception>
#include <memory>

namespace backstop::proxy {

namespace {

// After an answer that ends the connection, what the client still sends is read and thrown away for
// so long: closing at once could destroy the answer before it is read (RFC 9112 9.6).
constexpr policy::Duration linger_time = std::chrono::seconds(2);
constexpr std::size_t linger_bytes = 4 * 1024 * 1024;

// A client that has sent nothing for so long gives back what was lent to it.
constexpr policy::Duration rest_after = std::chrono::milliseconds(250);

enum class Next {
    request,
    close,
};

Refusal refusal_of(ParseError error) {
    switch (error) {
        case ParseError::bad_version:
            return {505, "bad_version", "only HTTP/1.0 and HTTP/1.1 are spoken here"};
        case ParseError::line_too_long:
            return {414, "uri_too_long", "the request line is longer than limits.head_bytes"};
        case ParseError::head_too_large:
            return {
                431, "head_too_large", "the request head is beyond limits.head_bytes or .fields"};
        case ParseError::head_framing:
            return {
                400,
                "bad_request",
                "Content-Length or Transfer-Encoding is wrong, or both are there"};
        default:
            return {400, "bad_request", "this is not an HTTP/1.1 request"};
    }
}

// Empty lines before a request line are ignored (RFC 9112 2.2). False: nothing else has come.
bool skip_empty_lines(Buffer& in) {
    while (in.view().substr(0, 2) == "\r\n")
        in.consume(2);
    return !in.empty() && in.view() != "\r";
}

// Sends what can be sent, waits for the rest within bounds.
Async<void> send_all(ClientSide& side, std::string bytes) {
    Deadline limit(side.context.deadlines, side.signal);
    limit.arm(steady_now() + side.context.limits.client_write_idle);
    side.answering = true;
    std::size_t sent = side.stream->send(bytes);
    while (sent < bytes.size() && !side.stream->write_error() && !limit.expired()) {
        if (side.signal.quiet()) co_await side.signal.wait();
        sent += side.stream->send(std::string_view(bytes).substr(sent));
    }
}

Async<void> refuse(ClientSide& side, std::shared_ptr<Upstream> upstream, Refusal refusal) {
    side.context.observer.client_error(refusal.kind);
    policy::LocalContext context;
    context.now = now();
    const std::string id = side.context.random.id();
    context.id = id;
    const policy::LocalAnswer answer =
        policy::refuse(upstream->rules(), refusal.status, refusal.detail, context);
    ReplyFraming framing;
    framing.head_only = side.request.method() == "HEAD";
    framing.attempts = 0;
    std::string bytes = reply(answer, framing, context.now.wall);
    co_await send_all(side, std::move(bytes));
}

HeadLimits head_limits(const Context& context) {
    HeadLimits limits;
    limits.bytes = context.limits.head_bytes;
    limits.fields = static_cast<std::size_t>(context.limits.fields);
    return limits;
}

// How far a head has come.
struct Head {
    policy::Moment begun{};  // when its first byte was there
    bool rested = false;
    bool arriving = false;
    bool good = false;
    Refusal refusal{};
};

// Takes what has come of it, and judges it when it is whole.
void take_head(ClientSide& side, Head& head, Deadline& limit) {
    Context& context = side.context;
    Buffer& in = side.stream->in();
    if (!head.arriving && !skip_empty_lines(in)) return;
    if (!head.arriving) {
        head.arriving = true;
        side.begin(head_limits(context));
        head.begun = now();
        context.last_active = head.begun.steady;
        limit.arm(head.begun.steady + context.limits.client_head);
    } else {
        context.last_active = steady_now();  // it comes slowly, but it comes
    }
    const std::size_t used = side.parser->put_head(in.view());
    in.consume(used);
    if (side.parser->error() != ParseError::none) {
        head.refusal = refusal_of(side.parser->error());
    } else if (side.parser->head_done()) {
        head.refusal = judge_request(side.request);
        head.good = !head.refusal;
        if (head.good) side.parser->begin_body();
    }
}

// The client sends the next request later, if at all. True: waits on, with less.
bool comes_to_rest(ClientSide& side, Head& head, Deadline& limit) {
    if (head.arriving || head.rested || !limit.expired()) return false;
    side.rest();
    head.rested = true;
    side.context.resting.push_back(side);
    limit.arm(side.idle_since + side.context.limits.client_idle);
    return true;
}

// The client said no more before its head was whole, or takes too long over it.
bool gives_up(ClientSide& side, Head& head, const Deadline& limit) {
    const bool ended = side.stream->ended();
    if (ended && head.arriving) side.context.observer.client_error("disconnect");
    if (!ended && limit.expired() && head.arriving)
        head.refusal = {408, "head_timeout", "the request head did not arrive in time"};
    return ended || limit.expired();
}

Async<Next> read_head(ClientSide& side, std::shared_ptr<Site> site, policy::Moment& begun) {
    Context& context = side.context;
    Deadline limit(context.deadlines, side.signal);
    Head head;
    side.answering = false;
    side.pause();
    side.idle_since = steady_now();
    limit.arm(side.idle_since + rest_after);
    for (;;) {
        take_head(side, head, limit);
        if (head.good) {
            begun = head.begun;
            co_return Next::request;
        }
        if (comes_to_rest(side, head, limit)) continue;
        if (head.refusal || gives_up(side, head, limit)) break;
        side.stream->read_up_to(context.limits.head_bytes + 4);
        if (side.signal.quiet()) co_await side.signal.wait();
    }
    if (head.refusal) {
        std::shared_ptr<Upstream> upstream = site->upstream;
        co_await refuse(side, std::move(upstream), head.refusal);
    }
    co_return Next::close;
}

// Lets the last answer arrive before the connection is closed.
Async<void> linger(ClientSide& side) {
    Stream& client = *side.stream;
    if (!client.open() || client.write_error()) co_return;
    client.shutdown_send();
    Deadline limit(side.context.deadlines, side.signal);
    limit.arm(steady_now() + linger_time);
    std::size_t read = 0;
    while (!client.ended() && !limit.expired() && read < linger_bytes) {
        read += client.in().size();
        client.in().consume(client.in().size());
        client.read_up_to(side.context.limits.head_bytes);
        if (side.signal.quiet()) co_await side.signal.wait();
    }
}

Async<void> serve_requests(ClientSide& side, std::shared_ptr<Site> site) {
    for (;;) {
        policy::Moment begun{};
        const Next next = co_await read_head(side, site, begun);
        if (next == Next::close) break;
        // On the heap, as it is large and this coroutine lives as long as its client.
        const auto exchange = std::make_unique<Exchange>(side, site->upstream, begun);
        if (!exchange->begin()) {
            const bool received = co_await exchange->receive_body();
            if (!received) break;
        }
        bool again = false;
        if (hops_left(side.request) == 0U) {
            again = co_await exchange->answer_options();
        } else {
            again = co_await exchange->follow_plan();
        }
        if (!again) break;
    }
    if (side.answering) co_await linger(side);
}

// A bug in one exchange is the end of its connection, not of the process.
Async<void> apologize(ClientSide& side, std::shared_ptr<Site> site, std::string what) {
    side.context.observer.bug(what);
    if (side.answering || !side.stream->open()) co_return;
    Refusal refusal{500, "internal_error", "backstop has met a fault of its own"};
    std::shared_ptr<Upstream> upstream = site->upstream;
    co_await refuse(side, std::move(upstream), refusal);
}

}  // namespace

Async<void> serve(Context& context, std::shared_ptr<Site> site, Socket socket) {
    ClientSide side(context, site, std::move(socket));
    std::string bug;
    try {
        try {
            co_await serve_requests(side, site);
        } catch (const std::exception& error) {
            bug = error.what();
        }
        if (!bug.empty()) co_await apologize(side, site, bug);
    } catch (const Stopped&) {
        co_return;
    }
}

}  // namespace backstop::proxy
