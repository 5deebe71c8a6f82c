#include "proxy/request_body.hpp"

#include "proxy/chunked.hpp"

#include <algorithm>

namespace backstop::proxy {

namespace {

// What flows is held back once this much waits to be sent.
constexpr std::size_t window = 64 * 1024;
// Read ahead from the client.
constexpr std::size_t read_ahead = 16 * 1024;

}  // namespace

RequestBody::RequestBody(
    Stream& client,
    RequestParser& parser,
    const Message& request,
    ReplayMemory& memory,
    Options options
)
    : client_(client), parser_(parser), request_(request), memory_(memory), options_(options) {
    if (parser_.done()) state_ = State::whole;
    const std::uint64_t length = request.content_length.value_or(0);
    if (options_.max != 0 && length > options_.max) state_ = State::too_large;
    if (length > options_.keep_max) kept_ = false;
}

RequestBody::~RequestBody() {
    memory_.used -= counted_;
}

bool RequestBody::wait_for_whole() const {
    return kept_ && request_.content_length.has_value();
}

Framing RequestBody::framing() const {
    if (request_.chunked) return {Framing::Kind::chunked, 0};
    if (request_.content_length) return {Framing::Kind::length, *request_.content_length};
    return {};
}

bool RequestBody::room() const {
    return kept_ || buffer_.size() < window;
}

void RequestBody::pull() {
    while (state_ == State::reading && room()) {
        Buffer& in = client_.in();
        if (in.empty()) {
            if (client_.ended()) state_ = State::gone;
            break;
        }
        take(in);
    }
    if (state_ == State::reading && room()) client_.read_up_to(read_ahead);
}

void RequestBody::late() {
    if (state_ == State::reading) state_ = State::late;
}

void RequestBody::take(Buffer& in) {
    const std::size_t before = buffer_.size();
    const std::size_t used = parser_.put_body(in.view(), buffer_);
    in.consume(used);
    account(before);
    if (parser_.error() != ParseError::none) {
        state_ = State::bad;
    } else if (parser_.done()) {
        if (state_ == State::reading) state_ = State::whole;
    }
}

void RequestBody::account(std::size_t before) {
    const std::size_t grown = buffer_.size() - before;
    received_ += grown;
    if (options_.max != 0 && received_ > options_.max) state_ = State::too_large;
    if (!kept_) return;
    memory_.used += grown;
    counted_ += grown;
    if (buffer_.size() > options_.keep_max || memory_.used > memory_.max) kept_ = false;
}

// What was kept for a while counts, and takes its memory, until all of it is on its way.
void RequestBody::let_go(std::size_t count) {
    buffer_.consume(count);
    if (!buffer_.empty() || counted_ == 0) return;
    buffer_.shrink(window);
    memory_.used -= counted_;
    counted_ = 0;
}

// --- sender ---

RequestSender::RequestSender(std::string_view head, RequestBody& body, const Stream& upstream)
    : head_(head),
      body_(body),
      framing_(body.framing().kind),
      sent_before_(upstream.sent_bytes()) {}

bool RequestSender::send_rest(Stream& upstream) {
    const std::string_view head = head_.substr(head_sent_);
    std::string_view rest;
    if (framing_ == Framing::Kind::chunked) {
        rest = frames_.view();
    } else {
        rest = body_.buffer_.view().substr(offset_);
    }
    if (head.empty() && rest.empty()) return true;
    const std::size_t sent = upstream.send(head, rest);
    const std::size_t of_head = std::min(sent, head.size());
    head_sent_ += of_head;
    const std::size_t of_body = sent - of_head;
    if (framing_ == Framing::Kind::chunked) {
        frames_.consume(of_body);
    } else if (body_.kept_) {
        offset_ += of_body;
    } else {
        // The first time after it stopped being kept, what was sent before goes too.
        body_.let_go(offset_ + of_body);
        offset_ = 0;
    }
    return sent == head.size() + rest.size();
}

void RequestSender::frame_more() {
    std::string_view fresh = body_.buffer_.view().substr(offset_);
    while (!fresh.empty() && frames_.size() < window) {
        const std::string_view piece = fresh.substr(0, window);
        append_chunk(frames_, piece);
        fresh.remove_prefix(piece.size());
        offset_ += piece.size();
    }
    if (!body_.kept_) {
        body_.let_go(offset_);
        offset_ = 0;
    }
    if (fresh.empty() && body_.whole() && !last_framed_) {
        append_last_chunk(frames_, body_.request_.trailers);
        last_framed_ = true;
    }
}

std::size_t RequestSender::unsent() const {
    return body_.buffer_.size() - offset_;
}

bool RequestSender::starved() const {
    return !done_ && head_sent_ == head_.size() && frames_.empty() && unsent() == 0 &&
           !body_.whole();
}

bool RequestSender::finished() const {
    if (framing_ == Framing::Kind::chunked) return last_framed_ && frames_.empty();
    return body_.whole() && unsent() == 0;
}

void RequestSender::pump(Stream& upstream) {
    while (!done_) {
        if (framing_ == Framing::Kind::chunked) frame_more();
        if (!send_rest(upstream)) return;  // woken when there is room, or it is broken
        done_ = finished();
        if (done_ || unsent() > 0 || body_.whole()) continue;
        body_.pull();  // all that was here is sent; the rest is yet to come
        if (unsent() == 0 && !body_.whole()) return;
    }
}

}  // namespace backstop::proxy
