#include "proxy/exchange.hpp"

#include "policy/delay.hpp"
#include "policy/whole_body.hpp"
#include "proxy/head_rules.hpp"
#include "proxy/spare_blocks.hpp"

#include <charconv>

namespace backstop::proxy {

namespace {

constexpr std::string_view too_late = "the request body did not arrive in time";

// With fewer exchanges than this under way nobody waits for a turn.
constexpr int busy = 8;

const policy::Route& route_of(const Upstream& upstream, const Message& request) {
    const policy::Rules& rules = upstream.rules();
    const policy::Route* found = policy::find_route(
        rules.routes, rules.dialect->base_path, request.method(), origin_form(request)
    );
    return found != nullptr ? *found : rules.other;
}

RequestBody::Options body_options(const Context& context, const Upstream& upstream) {
    RequestBody::Options options;
    options.keep_max = upstream.config.replay_body_bytes;
    options.max = context.limits.body_bytes;
    return options;
}

// Is the rest of the body waited for? `wanted`: also where its length is unknown.
bool waits_for_body(const RequestBody& body, bool wanted) {
    if (body.state() != RequestBody::State::reading) return false;
    if (body.wait_for_whole()) return true;
    return wanted && body.kept() && body.received() <= policy::whole_body_max;
}

// Waits for the gate are cut short when it opens early: registered for as long as one sleeps.
class Sleeper {
public:
    Sleeper(Upstream& upstream, Signal& signal) : upstream_(upstream), signal_(signal) {
        upstream_.sleeps(signal_);
    }
    ~Sleeper() { upstream_.woke(signal_); }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

private:
    Upstream& upstream_;
    Signal& signal_;
};

thread_local SpareBlocks<sizeof(Exchange)> spare_exchanges;

}  // namespace

void* Exchange::operator new(std::size_t) {
    return spare_exchanges.take();
}

void Exchange::operator delete(void* memory) {
    spare_exchanges.give(static_cast<char*>(memory));
}

Exchange::Exchange(ClientSide& side, std::shared_ptr<Upstream> upstream, policy::Moment begun)
    : side_(side),
      upstream_(std::move(upstream)),
      route_(route_of(*upstream_, side.request)),
      begun_(begun),
      body_(
          *side.stream,
          *side.parser,
          side.request,
          side.context.replay,
          body_options(side.context, *upstream_)
      ) {
    // What the last exchange on this connection sent is not sent again.
    side_.client_head.clear();
    side_.upstream_head.clear();
    ++side_.context.in_flight;
    upstream_->exchange_begun();
}

Exchange::~Exchange() {
    if (plan_ && !concluded_) cut();
    --side_.context.in_flight;
    upstream_->exchange_ended();
    side_.context.last_active = steady_now();
}

// Unwound on the way, by the end of the process or by a bug.
void Exchange::cut() noexcept {
    // The client must see it, also where the answer is framed by the end of the connection.
    if (committed_) side_.stream->reset();
    const bool process_ends = side_.context.draining;
    reason_ = process_ends ? policy::Reason::draining : policy::Reason::internal_error;
    outcome_ = Outcome::aborted;
    if (!process_ends && !side_.answering) status_ = 500;  // that is what it is told next
    try {
        conclude();
    } catch (const std::exception&) {
        return;  // no memory for the line
    }
}

bool Exchange::begin() {
    body_.pull();
    return body_.whole();
}

// The loop of the product: the Plan says what to do, we do it and say what came of it. What mostly
// happens at once is tried before a coroutine is entered for it.
Async<bool> Exchange::follow_plan() {
    prepare();
    policy::Step step = plan_->start(now());
    for (;;) {
        if (side_.context.in_flight >= busy) co_await side_.context.turns.next();
        if (const auto* send = std::get_if<policy::Send>(&step)) {
            const policy::Send order = *send;
            const policy::Outcome outcome = co_await attempt(order);
            if (body_.failed()) {
                co_await blame_client();
                break;
            }
            if (over_unsent()) break;
            step = report(outcome);
        } else if (const auto* wait = std::get_if<policy::Wait>(&step)) {
            const policy::Wait order = *wait;
            step = co_await sleep(order);
        } else if (const auto* ours = std::get_if<policy::Substitute>(&step)) {
            const policy::Substitute order = *ours;
            co_await substitute(order);
            break;
        } else {
            const policy::Deliver order = std::get<policy::Deliver>(step);
            if (deliver_at_once(order)) break;
            const Broke broke = co_await deliver(order);
            if (!broke) break;
            step = report(*broke);
        }
        if (nobody_waits_for(step)) {
            aborted();
            break;
        }
    }
    conclude();
    co_return keep_alive_;
}

// The client left before there was a connection to send its request on: it is not sent any more.
bool Exchange::over_unsent() {
    if (unsent_ != Unsent::nobody_waits) return false;
    plan_->unsent(now());
    aborted();
    return true;
}

// Of a client that has left, what is not yet answered is not tried again.
bool Exchange::nobody_waits_for(const policy::Step& step) const {
    const bool goes_on =
        std::holds_alternative<policy::Send>(step) || std::holds_alternative<policy::Wait>(step);
    return goes_on && client_left();
}

void Exchange::conclude() {
    concluded_ = true;
    release();
    // Half closed, it might have read the answer. It had closed altogether.
    if (client_left() && side_.stream->refused()) aborted();
    Report report;
    report.route = &route_;
    report.method = side_.request.method();
    report.status = status_;
    report.outcome = outcome_;
    report.reason = reason_;
    report.bytes_in = body_.received();
    report.bytes_out = bytes_out_;
    report.record = &plan_->record();
    report.key = key_.source;
    report.traceparent = policy::find_header(side_.request.fields(), "traceparent").value_or("");
    report.ended = now();
    report.took = report.ended.steady - begun_.steady;
    side_.context.observer.finished(*upstream_, report);
}

// The client broke off within its body, or sent rubbish: says nothing about the upstream.
Async<void> Exchange::blame_client() {
    release();
    switch (body_.state()) {
        case RequestBody::State::gone:
            side_.context.observer.client_error("disconnect");
            aborted();
            break;
        case RequestBody::State::too_large:
            co_await refuse(413, "too_large", "the request body is larger than limits.body_bytes");
            break;
        case RequestBody::State::late:
            co_await refuse(408, "body_timeout", too_late);
            break;
        default:
            co_await refuse(400, "bad_request", "the request body is not framed correctly");
            break;
    }
}

policy::Step Exchange::report(const policy::Outcome& outcome) {
    const std::uint64_t generation = plan_->gate().generation();
    if (!body_.kept()) plan_->body_lost();
    tell_of_drain();
    if (unsent_ == Unsent::crowded) {
        side_.context.observer.crowded(*upstream_);
        last_attempt_ = 0;  // the same one again, and no connection was stale
        return plan_->crowded(now());
    }
    const policy::Step step = plan_->after(outcome, now());
    if (plan_->gate().generation() != generation) upstream_->wake_sleepers();
    if (!std::holds_alternative<policy::Deliver>(step)) release();
    return step;
}

// Who had taken some of an answer that flows has got the status of that one.
void Exchange::aborted() {
    keep_alive_ = false;
    if (!streamed_) status_ = 499;
    outcome_ = Outcome::aborted;
    reason_ = policy::Reason::client_gone;
}

// The upstream broke off, or stood still, when some of its answer was with the client.
void Exchange::cut_short(policy::FailureKind kind) {
    keep_alive_ = false;
    outcome_ = Outcome::upstream_error;
    reason_ = kind == policy::FailureKind::timeout ? policy::Reason::timeout
                                                   : policy::Reason::unreachable;
    plan_->broke_off(kind);
}

// It may begin at any time. True: the Plan did not know.
bool Exchange::tell_of_drain() {
    const Context& context = side_.context;
    if (!context.draining || drain_told_) return false;
    drain_told_ = true;
    plan_->drain(context.drain_until);
    return true;
}

// The part of the body that has to be here before anything is sent; see wait_for_whole(). A body
// that something is made of is waited for until the deadline: then the Plan has the answer, and who
// has somebody on the phone gets the fallback, not a 408 when the client's idle time is over.
Async<bool> Exchange::receive_body() {
    Context& context = side_.context;
    const bool expects = side_.request.find(FieldId::expect).has_value();
    if (expects && side_.request.version == 11 && !body_.failed()) {
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        constexpr std::string_view no_body;
        std::size_t sent = 0;
        if (!write_at_once(go_on, no_body, sent)) {
            const bool written = co_await write_rest(go_on, no_body, sent);
            if (!written) co_return false;
        }
        side_.answering = false;
    }
    const policy::Rules& rules = upstream_->rules();
    const bool client_key = has_key(side_.request, rules.dialect->key_header);
    const bool wanted = policy::wants_whole_body(rules, route_, client_key);
    Deadline latest(context.deadlines, side_.signal);
    if (wanted) {  // how much time there is only a Plan knows
        latest.arm(
            policy::Plan(rules, route_, upstream_->standing(), facts(), begun_, {}).deadline()
        );
    }
    Deadline idle(context.deadlines, side_.signal);
    idle.arm(steady_now() + context.limits.client_body_idle);
    std::uint64_t seen = body_.received();
    while (waits_for_body(body_, wanted)) {
        if (latest.expired()) co_return true;
        if (idle.expired() || context.drained()) {
            body_.late();
            break;
        }
        if (side_.signal.quiet()) co_await side_.signal.wait();
        body_.pull();
        if (body_.received() != seen) idle.arm(steady_now() + context.limits.client_body_idle);
        seen = body_.received();
    }
    if (!body_.failed()) co_return true;
    co_await blame_client();
    co_return false;
}

void Exchange::prepare() {
    Context& context = side_.context;
    const policy::Rules& rules = upstream_->rules();
    const Message& request = side_.request;
    const bool client_key = has_key(request, rules.dialect->key_header);
    std::optional<std::string_view> whole;
    if (body_.whole() && body_.kept()) whole = body_.kept_bytes();
    key_ = policy::choose_key(rules, route_, client_key, whole, context.random.bytes());
    write_request_head();

    plan_.emplace(rules, route_, upstream_->standing(), facts(), begun_, [&context] {
        return context.random.roll();
    });
    tell_of_drain();
}

void Exchange::write_request_head() {
    UpstreamHead head{side_.request, upstream_->config.target};
    head.framing = body_.framing();
    const policy::Rules& rules = upstream_->rules();
    if (key_.source != policy::KeySource::none && rules.mode == policy::Mode::act) {
        head.key_header = rules.dialect->key_header;
        head.key = key_.value;
    }
    if (const Credential* credential = upstream_->credential()) {
        head.credential_header = upstream_->config.credential.header;
        head.credential = credential->value();
        credential_version_ = credential->version();
    }
    side_.upstream_head.clear();
    write_upstream_head(head, side_.upstream_head);
}

policy::Request Exchange::facts() const {
    const Message& request = side_.request;
    policy::Request facts;
    facts.method = request.method();
    facts.key = key_.source;
    facts.body_kept = body_.kept();
    // Where backstop adds the credential there is one for everybody.
    if (upstream_->credential() == nullptr) {
        if (const auto credential = request.find(FieldId::authorization)) {
            facts.credential = std::hash<std::string_view>{}(*credential);
        }
    }
    if (const auto text = wish(request, "Backstop-Timeout")) {
        facts.timeout_wish = policy::parse_duration(*text);
    }
    if (const auto text = wish(request, "Backstop-Attempts-Max")) {
        int attempts = 0;
        const auto read = std::from_chars(text->data(), text->data() + text->size(), attempts);
        const bool whole = read.ptr == text->data() + text->size();
        if (read.ec == std::errc{} && whole && attempts >= 1) facts.attempts_wish = attempts;
    }
    return facts;
}

// Returns what to do after it; the same wait if the client has left.
Async<policy::Step> Exchange::sleep(policy::Wait wait) {
    Context& context = side_.context;
    const Sleeper sleeper(*upstream_, side_.signal);
    const std::uint64_t generation = plan_->gate().generation();
    Deadline limit(context.deadlines, side_.signal);
    limit.arm(wait.until);
    while (!limit.expired() && !client_left() && plan_->gate().generation() == generation) {
        if (tell_of_drain()) break;
        side_.stream->read_up_to(context.limits.head_bytes);
        if (side_.signal.quiet()) co_await side_.signal.wait();
    }
    if (client_left()) co_return wait;
    co_return plan_->resume(now());
}

}  // namespace backstop::proxy
