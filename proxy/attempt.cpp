// One attempt of an exchange: a connection, the request, the head of the response.
#include "policy/classify.hpp"
#include "policy/judgement.hpp"
#include "proxy/attempt_clock.hpp"
#include "proxy/exchange.hpp"
#include "proxy/head_rules.hpp"
#include "proxy/peek.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <charconv>

namespace backstop::proxy {

namespace {

// How much of a response is read ahead of what is passed on. Before anything is, one that is held
// must fit; once it flows, less will do.
std::size_t window(bool flows) {
    return std::size_t{flows ? 32U : 64U} * 1024;
}
// An error body is looked at for at most this much and this long (behaviour, section 4).
constexpr policy::Duration peek_time = std::chrono::seconds(1);
// Who sends a request and says at once that nothing more will come may still want its answer; who
// ends its side later than this has given up.
constexpr policy::Duration half_close_grace = std::chrono::milliseconds(250);
// A keyless write goes on a connection that was idle for less than this.
constexpr policy::Duration fresh_for = std::chrono::seconds(1);

// A place among those who wait for a free connection, left at the end of the scope.
struct InLine {
    Pool& pool;
    Signal& signal;
    ~InLine() { pool.forget(signal); }
};

// A place in the pool that was reserved, given up unless a connection takes it.
struct Place {
    Pool& pool;
    bool taken = true;
    ~Place() {
        if (taken) pool.give_up();
    }
};

error_code timed_out() {
    return asio::error::timed_out;
}

}  // namespace

// True: there was one in the pool.
bool Exchange::take_connection(const policy::Send& send) {
    answered_any_ = false;
    idle_below_ = policy::Duration::max();
    if (send.fresh) idle_below_ = fresh_for;
    // The same number again: the last connection turned out to be stale, so others may be too.
    if (send.attempt == last_attempt_) idle_below_ = policy::Duration::zero();
    last_attempt_ = send.attempt;
    connection_ = upstream_->pool().take(steady_now(), idle_below_);
    return connection_ != nullptr;
}

// The client has given up while there was no connection yet.
bool Exchange::left_since(policy::Instant begun) const {
    const Stream& client = *side_.stream;
    if (!client.ended()) return false;
    return client.read_error() != asio::error::eof || client.ended_at() - begun > half_close_grace;
}

// Opens a connection, or gets one that has become free, in its turn. Nothing; or a failure, which
// is ours and none of the upstream's where unsent_ says so.
Async<Exchange::Broke> Exchange::acquire(policy::Send send) {
    const policy::Instant begun = steady_now();
    Pool& pool = upstream_->pool();
    const InLine in_line{pool, side_.signal};
    Deadline limit(side_.context.deadlines, side_.signal);
    limit.arm(send.give_up_at);
    while (!pool.reserve(side_.signal)) {
        if (limit.expired() || side_.context.drained()) unsent_ = Unsent::crowded;
        if (left_since(begun)) unsent_ = Unsent::nobody_waits;
        if (unsent_ != Unsent::no) co_return policy::Failure();
        side_.stream->read_up_to(side_.context.limits.head_bytes);
        if (side_.signal.quiet()) co_await side_.signal.wait();
        connection_ = pool.take(steady_now(), idle_below_);
        if (connection_) co_return std::nullopt;
    }
    Place place{pool};
    DialTo to = upstream_->dial_to();
    Context& context = side_.context;
    side_.stream->read_up_to(context.limits.head_bytes);
    Dialed dialed = co_await dial(std::move(to), side_.signal, context, send.give_up_at);
    if (dialed.stream) {
        connection_ = pool.make(std::move(dialed.stream), steady_now());
        place.taken = false;
        if (!left_since(begun)) co_return std::nullopt;
        unsent_ = Unsent::nobody_waits;
        pool.put_back(std::move(connection_), steady_now(), std::nullopt);
        co_return policy::Failure();
    }
    side_.context.observer.connection_failed(*upstream_, dialed.failure, dialed.trouble);
    co_return dialed.failure;
}

void Exchange::start_response() {
    sound_ = false;
    HeadLimits limits;
    limits.bytes = side_.context.limits.head_bytes;
    limits.fields = static_cast<std::size_t>(side_.context.limits.fields);
    parser_.emplace(side_.response, limits);
    if (side_.request.method() == "HEAD") parser_->no_body();
    side_.payload.consume(side_.payload.size());
}

// On a connection that is there.
void Exchange::start_sending() {
    // A key that came meanwhile: no attempt goes out with the old one after it.
    const Credential* credential = upstream_->credential();
    if (credential != nullptr && credential->version() != credential_version_) write_request_head();
    Stream& upstream = connection_->stream();
    reused_ = connection_->reused();
    upstream.owned_by(&side_.signal);
    sender_.emplace(side_.upstream_head, body_, upstream);
    start_response();
}

// Gets a connection, sends the request and reads the head of the response, both as they go: an
// upstream may answer before it has everything.
Async<policy::Outcome> Exchange::attempt(policy::Send send) {
    unsent_ = Unsent::no;
    if (!take_connection(send)) {
        const Broke broke = co_await acquire(send);
        if (broke) co_return *broke;
    }
    start_sending();
    Stream& upstream = connection_->stream();
    AttemptClock clock(side_, body_, *plan_, send.give_up_at);
    for (;;) {
        sender_->pump(upstream);
        clock.pumped(*plan_, sender_->starved());
        const Progress progress = body_.failed() ? Progress::broken : read_head();
        if (progress == Progress::head) break;
        if (progress == Progress::interim) continue;
        if (const Broke broke = attempt_broken(progress, clock)) co_return *broke;
        if (more_at_once()) continue;
        if (side_.signal.quiet()) co_await side_.signal.wait();
    }
    if (!wants_look()) co_return response_head();
    const policy::Outcome outcome = co_await look_at_body();
    co_return outcome;
}

// Does what the response means stand in its body? Of an event stream it does not: that one flows.
bool Exchange::wants_look() const {
    const Message& response = side_.response;
    if (!policy::wants_body(*upstream_->rules().dialect, response.status)) return false;
    constexpr std::string_view events = "text/event-stream";
    const auto type = response.find(FieldId::content_type).value_or("");
    return policy::is_error(response.status) ||
           !boost::beast::iequals(type.substr(0, events.size()), events);
}

// Before the head of the response is there. Nothing: it is still to be waited for.
Exchange::Broke Exchange::attempt_broken(Progress progress, const AttemptClock& clock) {
    if (body_.failed()) return failure(policy::FailureKind::send);
    if (progress == Progress::broken) return failure(policy::FailureKind::malformed);
    if (connection_->stream().ended()) return failure_of_stream();
    if (!clock.expired()) return std::nullopt;
    if (clock.client_late() && !side_.context.drained()) body_.late();
    return failure(policy::FailureKind::timeout, timed_out());
}

// Watches both sides. True if something came of it at once.
bool Exchange::more_at_once() {
    Stream& upstream = connection_->stream();
    const std::size_t before = upstream.in().size();
    upstream.read_up_to(side_.context.limits.head_bytes + before);
    if (upstream.in().size() != before || upstream.ended()) return true;
    side_.stream->read_up_to(side_.context.limits.head_bytes);
    return false;
}

policy::ResponseHead Exchange::response_head() const {
    policy::ResponseHead head;
    head.status = side_.response.status;
    head.fields = side_.response.fields();
    head.written_all = sender_->done();
    head.reused = reused_;
    return head;
}

Exchange::Progress Exchange::read_head() {
    Buffer& in = connection_->stream().in();
    if (in.empty()) return Progress::more;
    answered_any_ = true;
    const std::size_t used = parser_->put_head(in.view());
    in.consume(used);
    if (parser_->error() != ParseError::none) return Progress::broken;
    if (!parser_->head_done()) return Progress::more;
    if (!judge_response(side_.response, side_.request.method())) return Progress::broken;
    const bool agreed = side_.request.websocket && side_.response.websocket;
    if (side_.response.status >= 200 || agreed) {
        parser_->begin_body();
        sound_ = !agreed;  // what carries a WebSocket never carries a request again
        return Progress::head;
    }
    // Nothing else was asked for, so no other 101 can be meant.
    if (side_.response.status == 101) return Progress::broken;
    if (!forward_interim()) return Progress::broken;
    start_response();
    return Progress::interim;
}

// A 1xx goes on to clients that know them; 100 has been said already, if anybody waits for it. What
// the client does not take at once goes ahead of the final head. False: more of them than sense.
bool Exchange::forward_interim() {
    constexpr std::size_t interim_max = 16 * 1024;
    if (side_.response.status == 100 || side_.request.version == 10) return true;
    ClientHead head{side_.response};
    write_client_head(head, side_.client_head);
    const std::size_t sent = side_.stream->send(side_.client_head);
    side_.client_head.erase(0, sent);
    return side_.client_head.size() < interim_max;
}

// The deadline has yet to begin while a body too large to keep is still on its way.
policy::Instant Exchange::within_deadline(policy::Instant at) const {
    return body_.kept() || body_.whole() ? std::min(at, plan_->deadline()) : at;
}

// Reads the beginning of an error body, for what it says of delays, codes and quota.
Async<policy::Outcome> Exchange::look_at_body() {
    Deadline limit(side_.context.deadlines, side_.signal);
    bool moved = pull_response();
    if (!parser_->done()) limit.arm(within_deadline(steady_now() + peek_time));
    for (;; moved = pull_response()) {
        if (parser_->done() || side_.payload.size() >= peek_bytes) break;
        if (limit.expired() || side_.context.drained()) break;
        if (response_broken()) {
            // What a 4xx says counts also without the end of its body, which is missed later.
            if (!policy::is_server_error(side_.response.status)) break;
            co_return failure_of_stream();
        }
        if (moved) continue;
        if (side_.signal.quiet()) co_await side_.signal.wait();
    }
    const auto coding = side_.response.find(FieldId::content_encoding);
    decoded_ = decoded_copy(side_.payload.view().substr(0, peek_bytes), coding.value_or(""));
    policy::ResponseHead head = response_head();
    head.body = decoded_;
    head.kept = parser_->done();
    co_return head;
}

// Takes what the upstream has sent of the body, as far as there is room, and watches for more. True
// if that changed anything.
bool Exchange::pull_response() {
    Stream& upstream = connection_->stream();
    bool moved = false;
    while (!parser_->done() && parser_->error() == ParseError::none) {
        if (side_.payload.size() >= window(committed_)) return moved;
        const std::size_t used = parser_->put_body(upstream.in().view(), side_.payload);
        upstream.in().consume(used);
        if (used == 0) break;
        moved = true;
    }
    if (parser_->done() || upstream.ended()) return moved;
    const std::size_t before = upstream.in().size();
    upstream.read_up_to(side_.context.limits.head_bytes);
    return moved || upstream.in().size() != before;
}

// The response will never be whole: the connection ended within it, or its framing is wrong.
bool Exchange::response_broken() {
    if (parser_->done()) return false;
    if (parser_->error() != ParseError::none) return true;
    const Stream& upstream = connection_->stream();
    // What came before the end comes first: with TLS one look can bring both.
    if (!upstream.ended() || !upstream.in().empty()) return false;
    // An end may be how the body is framed, unless TLS says that it was cut (RFC 9112 9.8).
    return upstream.read_error() != asio::error::eof || !parser_->ended_by_close();
}

policy::Failure Exchange::failure(policy::FailureKind kind, error_code cause) const {
    policy::Failure failure;
    failure.kind = kind;
    failure.cause = cause;
    failure.reused = reused_;
    failure.written_any = sender_ && sender_->any(connection_->stream());
    failure.written_all = sender_ && sender_->done();
    failure.answered_any = answered_any_;
    if (parser_ && parser_->head_done()) {
        failure.stage = policy::Stage::receive_body;
    } else if (failure.written_all) {
        failure.stage = policy::Stage::await_head;
    } else {
        failure.stage = policy::Stage::send;
    }
    return failure;
}

// The upstream's connection ended before the response did.
policy::Failure Exchange::failure_of_stream() const {
    const Stream& upstream = connection_->stream();
    if (parser_->error() != ParseError::none) return failure(policy::FailureKind::malformed);
    const auto kind = answered_any_ ? policy::FailureKind::truncated : policy::FailureKind::reset;
    return failure(kind, upstream.read_error());
}

// Done with the upstream's connection: back to the pool if it can carry another exchange.
void Exchange::release() {
    if (!connection_) return;
    const Stream& upstream = connection_->stream();
    const bool clean = sound_ && parser_->done() && parser_->error() == ParseError::none &&
                       side_.response.keep_alive && sender_->done() && upstream.flushed() &&
                       upstream.in().empty() && !upstream.ended();
    if (clean) {
        upstream_->pool().put_back(std::move(connection_), steady_now(), upstream_keep_alive());
    } else {
        connection_.reset();
    }
}

std::optional<policy::Duration> Exchange::upstream_keep_alive() const {
    const auto field = side_.response.find(FieldId::keep_alive);
    if (!field) return std::nullopt;
    constexpr std::string_view name = "timeout=";
    const std::size_t at = field->find(name);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view digits = field->substr(at + name.size());
    unsigned seconds = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (read.ec != std::errc{} || seconds > 86'400) return std::nullopt;
    return std::chrono::seconds(seconds);
}

}  // namespace backstop::proxy
