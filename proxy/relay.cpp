// Delivering a response of the upstream's to the client.
#include "proxy/chunked.hpp"
#include "proxy/exchange.hpp"
#include "proxy/reply.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>

namespace backstop::proxy {

namespace {

// A response of known length up to this is held until it is whole: all or nothing, so that a break
// in mid-body can still be retried (behaviour, section 2).
constexpr std::uint64_t held_max = 64 * 1024;
// A client that has said that it sends nothing more may still read; for so long, if nothing comes.
constexpr policy::Duration half_open = std::chrono::seconds(5);
// Framed anew for a client that takes chunks; what it does not take waits without its frame.
constexpr std::size_t frames_max = 16 * 1024;

bool is_held(const Framing& framing) {
    return framing.kind == Framing::Kind::none ||
           (framing.kind == Framing::Kind::length && framing.length <= held_max);
}

// What the API has said; a rule of its dialect may know better than the status.
Outcome outcome_of(int status, policy::Reason reason) {
    if (status >= 500 || reason == policy::Reason::server_error) return Outcome::upstream_error;
    if (status >= 400 || reason != policy::Reason::succeeded) return Outcome::client_error;
    return Outcome::ok;
}

// How long a flowing response may stand still, on either side.
class Patience {
public:
    Patience(ClientSide& side, policy::Duration response_idle)
        : response_idle_(response_idle),
          write_idle_(side.context.limits.client_write_idle),
          quiet_(side.context.deadlines, side.signal),
          stalled_(side.context.deadlines, side.signal),
          leaving_(side.context.deadlines, side.signal) {}

    void upstream_spoke() {
        quiet_.arm(steady_now() + response_idle_);
        if (leaving_.at() != policy::Instant{}) leaving_.arm(steady_now() + half_open);
    }
    // It took all that there was, or at least some of it.
    void client_took(bool all, bool some) {
        if (all) {
            stalled_.disarm();
        } else if (!blocked_ || some) {
            stalled_.arm(steady_now() + write_idle_);
        }
        blocked_ = !all;
    }
    void client_half_closed() {
        if (leaving_.at() == policy::Instant{}) leaving_.arm(steady_now() + half_open);
    }
    bool with_upstream() const { return !quiet_.expired(); }
    bool with_client() const { return !stalled_.expired() && !leaving_.expired(); }

private:
    policy::Duration response_idle_;
    policy::Duration write_idle_;
    Deadline quiet_;    // the upstream says nothing
    Deadline stalled_;  // the client takes nothing
    Deadline leaving_;  // the client has half closed
    bool blocked_ = false;
};

std::string whole_seconds(policy::Duration duration) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration);
    return std::to_string(std::max<std::chrono::seconds::rep>(seconds.count(), 0));
}

}  // namespace

Framing Exchange::client_framing() const {
    const Message& response = side_.response;
    if (side_.request.method() == "HEAD" || response.status < 200 || response.status == 204 ||
        response.status == 304) {
        return {};
    }
    if (response.content_length) return {Framing::Kind::length, *response.content_length};
    if (side_.request.version == 10) return {Framing::Kind::to_close, 0};
    return {Framing::Kind::chunked, 0};
}

// Once the head is written it says whether the connection goes on, so this is decided before.
void Exchange::decide_keep_alive(const Framing& framing) {
    keep_alive_ = side_.request.keep_alive && body_.whole() &&
                  framing.kind != Framing::Kind::to_close && !side_.ending();
}

void Exchange::write_head(const policy::Deliver& deliver, const Framing& framing) {
    std::vector<std::pair<std::string, std::string>> extra;
    if (deliver.retry_after) extra.emplace_back("Retry-After", whole_seconds(*deliver.retry_after));
    if (deliver.final_failure) {
        extra.insert(extra.end(), policy::no_client_retry.begin(), policy::no_client_retry.end());
    }
    // A recipient with a clock dates what it forwards (RFC 9110 6.6.1).
    ClientHead head{side_.response};
    if (!side_.response.find(FieldId::date)) head.date = http_date(now().wall);
    head.framing = framing;
    head.client_version = side_.request.version;
    head.keep_alive = keep_alive_;
    head.attempts = plan_->record().counted_attempts();
    head.extra = extra.empty() ? nullptr : &extra;
    write_client_head(head, side_.client_head);
}

// The answer from here on: nothing else can be said to the client any more.
void Exchange::commit(const policy::Deliver& deliver, const Framing& framing) {
    committed_ = true;
    status_ = side_.response.status;
    reason_ = deliver.reason;
    outcome_ = outcome_of(status_, reason_);
    decide_keep_alive(framing);
    write_head(deliver, framing);
    plan_->committed(now());
    side_.answering = true;
}

// Most answers are here by now, and are taken by the client in one piece. False: deliver() goes on.
bool Exchange::deliver_at_once(const policy::Deliver& deliver) {
    const Framing framing = client_framing();
    if (framing.kind == Framing::Kind::chunked || side_.response.websocket) return false;
    if (connection_ && is_held(framing)) pull_response();
    if (!parser_->done()) return false;
    release();
    commit(deliver, framing);
    bytes_out_ = side_.payload.size();
    return write_at_once(side_.client_head, side_.payload.view(), taken_);
}

Async<Exchange::Broke> Exchange::deliver(policy::Deliver deliver) {
    if (side_.response.websocket) {
        co_await tunnel(deliver);
        co_return std::nullopt;
    }
    const Framing framing = client_framing();
    if (!committed_ && connection_ && is_held(framing)) {
        const Broke broke = co_await hold();
        if (broke) co_return broke;
        if (deliver_at_once(deliver)) co_return std::nullopt;
    }
    if (!committed_) {
        commit(deliver, framing);
        co_await stream_body(framing);
        co_return std::nullopt;
    }
    const bool written = co_await write_rest(side_.client_head, side_.payload.view(), taken_);
    if (!written) aborted();
    co_return std::nullopt;
}

Async<Exchange::Broke> Exchange::hold() {
    Deadline limit(side_.context.deadlines, side_.signal);
    limit.arm(within_deadline(steady_now() + upstream_->config.timeout.response_idle));
    for (;;) {
        const bool moved = pull_response();
        if (parser_->done()) co_return std::nullopt;
        if (response_broken()) co_return failure_of_stream();
        if (limit.expired() || side_.context.drained())
            co_return failure(policy::FailureKind::timeout, asio::error::timed_out);
        sender_->pump(connection_->stream());
        if (moved) continue;
        if (side_.signal.quiet()) co_await side_.signal.wait();
    }
}

// Hands over what is there, framed for the client.
void Exchange::send_piece(const Framing& framing, Flow& flow) {
    Stream& client = *side_.stream;
    Buffer* source = &side_.payload;
    if (framing.kind == Framing::Kind::chunked) {
        source = &side_.frames;
        if (side_.frames.size() < frames_max && !side_.payload.empty()) {
            const std::string_view piece =
                side_.payload.view().substr(0, frames_max - side_.frames.size());
            append_chunk(side_.frames, piece);
            bytes_out_ += piece.size();
            side_.payload.consume(piece.size());
        }
    }
    const std::size_t all = side_.client_head.size() + source->size();
    const std::size_t sent = client.send(side_.client_head, source->view());
    const std::size_t of_head = std::min(sent, side_.client_head.size());
    side_.client_head.erase(0, of_head);
    source->consume(sent - of_head);
    if (framing.kind != Framing::Kind::chunked) bytes_out_ += sent - of_head;
    flow.sent = sent > 0;
    if (flow.sent && !client.ended()) streamed_ = true;
    flow.all = sent == all;
}

// The end of a chunked answer, once everything before it has been framed.
void Exchange::frame_end() {
    if (last_framed_ || !parser_->done() || !side_.payload.empty()) return;
    append_last_chunk(side_.frames, side_.response.trailers);
    last_framed_ = true;
}

// One step of a response that flows: takes what has come, and hands over what can be.
Exchange::Flow Exchange::pass_on(const Framing& framing) {
    Flow flow;
    if (connection_) {
        flow.moved = pull_response();
        flow.broken = response_broken();
        if (sender_) sender_->pump(connection_->stream());
    }
    frame_end();
    send_piece(framing, flow);
    return flow;
}

// From here on the response flows: what comes is passed on at once, in both directions if the
// request is still being sent. The window bounds what is held for a slow reader.
Async<void> Exchange::stream_body(Framing framing) {
    Stream& client = *side_.stream;
    Patience patience(side_, upstream_->config.timeout.response_idle);
    patience.upstream_spoke();
    side_.frames.consume(side_.frames.size());
    last_framed_ = framing.kind != Framing::Kind::chunked;  // nothing else has an end
    for (;;) {
        const Flow flow = pass_on(framing);
        if (flow.moved) patience.upstream_spoke();
        const bool empty = flow.all && side_.payload.empty();
        if (empty && parser_->done() && last_framed_) co_return;
        const bool client_gone = client.write_error() || !patience.with_client();
        if (client_gone || !patience.with_upstream() || (flow.broken && empty)) {
            // Never completed with something invented: the client must see that it was cut.
            client.reset();
            if (client_gone) co_return aborted();
            co_return cut_short(
                flow.broken ? failure_of_stream().kind : policy::FailureKind::timeout
            );
        }
        // Whatever moved may have made room for more.
        if (flow.all && (flow.moved || flow.sent || parser_->done())) continue;
        patience.client_took(flow.all, flow.sent);
        if (client.ended()) patience.client_half_closed();
        client.read_up_to(side_.context.limits.head_bytes);
        if (side_.signal.quiet()) co_await side_.signal.wait();
    }
}

}  // namespace backstop::proxy
