// Answers of our own: a fallback, an error in the API's envelope, a refusal.
#include "proxy/exchange.hpp"
#include "proxy/reply.hpp"

#include <algorithm>

namespace backstop::proxy {

Async<void> Exchange::substitute(policy::Substitute substitute) {
    const std::string id = side_.context.random.id();
    policy::LocalContext context;
    context.request_body = body_.kept_bytes();
    context.now = now();
    context.id = id;
    const auto limit = plan_->limits().state(context.now);
    if (limit) context.limit = &*limit;
    reason_ = substitute.reason;
    outcome_ = substitute.fallback != nullptr ? Outcome::degraded : Outcome::local_error;
    policy::LocalAnswer local = policy::answer(upstream_->rules(), substitute, context);
    co_await answer(std::move(local));
}

Async<void> Exchange::refuse(int status, std::string_view kind, std::string_view detail) {
    side_.context.observer.client_error(kind);
    const std::string id = side_.context.random.id();
    policy::LocalContext context;
    context.now = now();
    context.id = id;
    reason_ = policy::Reason::bad_request;
    outcome_ = Outcome::local_error;
    policy::LocalAnswer local = policy::refuse(upstream_->rules(), status, detail, context);
    co_await answer(std::move(local));
}

// What is not to go further is answered by whom it has reached (RFC 9110 7.6.2).
Async<bool> Exchange::answer_options() {
    prepare();
    policy::LocalAnswer local;
    local.status = 200;
    local.fields = {{"Proxy-Status", "backstop"}, {"Cache-Control", "no-store"}};
    reason_ = policy::Reason::succeeded;
    outcome_ = Outcome::ok;
    co_await answer(std::move(local));
    conclude();
    co_return keep_alive_;
}

Async<void> Exchange::answer(policy::LocalAnswer answer) {
    decide_keep_alive({Framing::Kind::length, 0});
    status_ = answer.status;
    bytes_out_ = answer.body.size();
    ReplyFraming framing;
    framing.client_version = side_.request.version;
    framing.keep_alive = keep_alive_;
    framing.head_only = side_.request.method() == "HEAD";
    framing.attempts = plan_ ? plan_->record().counted_attempts() : 0;
    // Interim responses that the client has not taken yet go first.
    side_.client_head += reply(answer, framing, now().wall);
    constexpr std::string_view no_more;  // the body is in client_head
    std::size_t sent = 0;
    if (!write_at_once(side_.client_head, no_more, sent)) {
        const bool written = co_await write_rest(side_.client_head, no_more, sent);
        if (!written) aborted();
    }
}

// True: all of it was taken. Mostly so, and then there is nothing to wait for.
bool Exchange::write_at_once(std::string_view head, std::string_view body, std::size_t& sent) {
    side_.answering = true;
    sent = side_.stream->send(head, body);
    return sent == head.size() + body.size();
}

// False: the client has left, or takes nothing.
Async<bool> Exchange::write_rest(std::string_view head, std::string_view body, std::size_t sent) {
    Stream& client = *side_.stream;
    Deadline stalled(side_.context.deadlines, side_.signal);
    stalled.arm(steady_now() + side_.context.limits.client_write_idle);
    for (;;) {
        if (client.write_error() || !client.open() || stalled.expired()) {
            client.reset();
            co_return false;
        }
        if (side_.signal.quiet()) co_await side_.signal.wait();
        const std::string_view rest_of_head = head.substr(std::min(sent, head.size()));
        const std::string_view rest_of_body =
            body.substr(sent > head.size() ? sent - head.size() : 0);
        const std::size_t more = client.send(rest_of_head, rest_of_body);
        sent += more;
        if (sent == head.size() + body.size()) co_return true;
        if (more > 0) stalled.arm(steady_now() + side_.context.limits.client_write_idle);
    }
}

}  // namespace backstop::proxy
