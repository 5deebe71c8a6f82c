// One client request, from its head to the last byte of its answer. Carries out what the Plan says
// and reports back what came of it; decides nothing that a client could notice.
//
// exchange.cpp has the loop: take a step, do it, report. attempt.cpp makes one attempt, relay.cpp
// delivers a response, tunnel.cpp what follows a 101, substitute.cpp answers ourselves.
#pragma once

#include "policy/idempotency_key.hpp"
#include "policy/local_answer.hpp"
#include "policy/plan.hpp"
#include "proxy/client_side.hpp"
#include "proxy/context.hpp"
#include "proxy/headers.hpp"
#include "proxy/message_parser.hpp"
#include "proxy/request_body.hpp"
#include "proxy/upstream.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop::proxy {

class AttemptClock;

class Exchange {
public:
    // The request head is parsed and judged. `begun`: when its first byte came.
    Exchange(ClientSide& side, std::shared_ptr<Upstream> upstream, policy::Moment begun);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    // Made for each request, on the one thread.
    static void* operator new(std::size_t size);
    static void operator delete(void* memory);

    // The three steps of it, in this order; the caller takes them, so that a request that is here
    // whole enters one coroutine only.
    // False: receive_body() is needed, too.
    bool begin();
    // The part of the body that has to be here before anything is sent. False: it is over.
    Async<bool> receive_body();
    // True: the client connection may carry another request.
    Async<bool> follow_plan();
    // Instead of it, where the request is to go no further (hops_left() is 0).
    Async<bool> answer_options();

private:
    enum class Progress {
        more,     // bytes are missing
        interim,  // a 1xx, dealt with
        head,     // the head of the final response
        broken,   // not HTTP, or not to be trusted
    };
    using Broke = std::optional<policy::Failure>;
    // Why nothing was sent, and nobody asked, although the Plan said so.
    enum class Unsent {
        no,
        crowded,       // no connection of the pool became free in time
        nobody_waits,  // the client left meanwhile
    };

    // exchange.cpp
    Async<void> blame_client();
    void prepare();
    void write_request_head();
    policy::Request facts() const;
    policy::Step report(const policy::Outcome& outcome);
    Async<policy::Step> sleep(policy::Wait wait);
    bool client_left() const { return side_.stream->ended(); }
    void aborted();
    void cut_short(policy::FailureKind kind);
    bool tell_of_drain();
    bool over_unsent();
    bool nobody_waits_for(const policy::Step& step) const;
    void conclude();
    void cut() noexcept;

    // attempt.cpp
    Async<policy::Outcome> attempt(policy::Send send);
    bool take_connection(const policy::Send& send);
    Async<Broke> acquire(policy::Send send);
    bool left_since(policy::Instant begun) const;
    policy::Instant within_deadline(policy::Instant at) const;
    bool wants_look() const;
    Async<policy::Outcome> look_at_body();
    Progress read_head();
    Broke attempt_broken(Progress progress, const AttemptClock& clock);
    void start_sending();
    void start_response();
    bool forward_interim();
    bool more_at_once();
    policy::ResponseHead response_head() const;
    bool pull_response();
    bool response_broken();
    policy::Failure failure(policy::FailureKind kind, error_code cause = {}) const;
    policy::Failure failure_of_stream() const;
    void release();
    std::optional<policy::Duration> upstream_keep_alive() const;

    // relay.cpp
    bool deliver_at_once(const policy::Deliver& deliver);
    Async<Broke> deliver(policy::Deliver deliver);
    Async<Broke> hold();
    struct Flow {
        bool moved = false;   // bytes came from the upstream
        bool broken = false;  // it ended before its time
        bool all = false;     // the client took everything that is there
        bool sent = false;    // it took something
    };
    Flow pass_on(const Framing& framing);
    Async<void> stream_body(Framing framing);
    void send_piece(const Framing& framing, Flow& flow);
    void frame_end();
    Framing client_framing() const;
    void decide_keep_alive(const Framing& framing);
    void commit(const policy::Deliver& deliver, const Framing& framing);
    void write_head(const policy::Deliver& deliver, const Framing& framing);

    // tunnel.cpp
    Async<void> tunnel(policy::Deliver deliver);
    void tunnel_broke();

    // substitute.cpp
    Async<void> substitute(policy::Substitute substitute);
    Async<void> refuse(int status, std::string_view kind, std::string_view detail);
    Async<void> answer(policy::LocalAnswer answer);
    bool write_at_once(std::string_view head, std::string_view body, std::size_t& sent);
    Async<bool> write_rest(std::string_view head, std::string_view body, std::size_t sent);

    ClientSide& side_;
    std::shared_ptr<Upstream> upstream_;
    const policy::Route& route_;
    policy::Moment begun_;
    RequestBody body_;
    policy::Key key_{};
    unsigned credential_version_ = 0;  // of the key in side_.upstream_head
    std::optional<policy::Plan> plan_{};

    bool drain_told_ = false;

    // Of the attempt under way.
    Unsent unsent_ = Unsent::no;
    ConnectionPointer connection_{};
    std::optional<RequestSender> sender_{};
    std::optional<ResponseParser> parser_{};
    std::string decoded_{};  // a copy of an error body, for the Plan
    int last_attempt_ = 0;
    policy::Duration idle_below_{};  // how long a pooled connection may have been idle
    bool reused_ = false;
    bool answered_any_ = false;
    bool sound_ = false;  // the head of the final response is there, and may be trusted

    // Of the answer.
    bool concluded_ = false;   // and reported
    bool keep_alive_ = false;  // after it
    bool committed_ = false;   // its head is written, and so is what the client took of it:
    std::size_t taken_ = 0;
    bool streamed_ = false;     // the client, who was there, took some of it while it flowed
    bool last_framed_ = false;  // a chunked answer's end is in side_.frames
    int status_ = 499;          // as nginx logs a client that left
    Outcome outcome_ = Outcome::aborted;
    policy::Reason reason_ = policy::Reason::client_gone;
    std::uint64_t bytes_out_ = 0;
};

}  // namespace backstop::proxy
