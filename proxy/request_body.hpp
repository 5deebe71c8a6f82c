// The body of a client's request: taken off the client's connection, kept for resending up to a
// cap, and handed to one attempt after the other, byte for byte alike. Past the cap it flows
// through a window, and there is one attempt only (behaviour, section 8).
#pragma once

#include "proxy/buffer.hpp"
#include "proxy/headers.hpp"
#include "proxy/message_parser.hpp"
#include "proxy/stream.hpp"

#include <cstdint>
#include <string_view>

namespace backstop::proxy {

// Memory for all kept bodies together (limits.replay_memory), and for those that have become too
// large to keep but are not yet sent.
struct ReplayMemory {
    std::size_t max = 0;
    std::size_t used = 0;
};

class RequestBody {
public:
    enum class State {
        reading,
        whole,
        gone,       // the client ended before the body did: never to be completed by us
        bad,        // a bad chunk
        too_large,  // limits.body_bytes
        late,       // limits.client_body_idle
    };

    struct Options {
        std::size_t keep_max = 0;  // retry.body_bytes
        std::size_t max = 0;       // limits.body_bytes; 0: none
    };

    RequestBody(
        Stream& client,
        RequestParser& parser,
        const Message& request,
        ReplayMemory& memory,
        Options options
    );
    ~RequestBody();
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;

    // Takes what the client has sent, as far as there is room, and watches for more.
    void pull();
    State state() const { return state_; }
    // The client takes too long over the rest of it.
    void late();
    bool whole() const { return state_ == State::whole; }
    bool failed() const { return state_ != State::reading && state_ != State::whole; }
    // Everything since the beginning is still here.
    bool kept() const { return kept_; }
    std::string_view kept_bytes() const { return kept_ ? buffer_.view() : std::string_view{}; }
    std::uint64_t received() const { return received_; }
    // Should it be whole before the first attempt? Yes where its length is known and will be kept:
    // then a client that dies half-way never reaches the upstream, and a slow one is not taken for
    // a slow upstream. A chunked one flows, unless something is made of it (policy/whole_body.hpp).
    bool wait_for_whole() const;

    Framing framing() const;

private:
    friend class RequestSender;
    void take(Buffer& in);
    void account(std::size_t before);
    void let_go(std::size_t count);
    bool room() const;

    Stream& client_;
    RequestParser& parser_;
    const Message& request_;
    ReplayMemory& memory_;
    Options options_;
    Buffer buffer_{0};
    std::uint64_t received_ = 0;
    std::size_t counted_ = 0;  // in memory_
    State state_ = State::reading;
    bool kept_ = true;
};

// Sends one head and the body behind it, for one attempt.
class RequestSender {
public:
    RequestSender(std::string_view head, RequestBody& body, const Stream& upstream);

    // Sends as much as goes; call again when woken.
    void pump(Stream& upstream);
    // A byte was handed to the kernel.
    bool any(const Stream& upstream) const { return upstream.sent_bytes() != sent_before_; }
    bool done() const { return done_; }  // everything was taken
    // Everything that has come from the client was taken, and there is more to come.
    bool starved() const;

private:
    bool send_rest(Stream& upstream);
    void frame_more();
    std::size_t unsent() const;
    bool finished() const;

    std::string_view head_;
    RequestBody& body_;
    Framing::Kind framing_;
    std::size_t sent_before_;  // by earlier exchanges on this connection
    std::size_t offset_ = 0;   // into the kept body; 0 where it flows
    std::size_t head_sent_ = 0;
    Buffer frames_{0};  // chunked: framed bytes on their way
    bool last_framed_ = false;
    bool done_ = false;
};

}  // namespace backstop::proxy
