// After the 101 of a WebSocket: bytes in both directions, whatever they mean, until both sides have
// ended (RFC 9110 7.8, RFC 6455).
#include "proxy/exchange.hpp"

#include <boost/asio/error.hpp>

namespace backstop::proxy {

namespace {

// Read ahead in each direction; who does not take it holds the other side up.
constexpr std::size_t window = 16 * 1024;

// One direction.
class Lane {
public:
    Lane(Stream& from, Stream& to) : from_(from), to_(to) {}

    // Hands over what is there, and at last the end of it. True if that changed anything.
    bool pass() {
        Buffer& in = from_.in();
        const std::size_t sent = in.empty() ? 0 : to_.send(in.view());
        in.consume(sent);
        passed_ += sent;
        const bool at_end = !ended_ && in.empty() && from_.ended() && to_.flushed();
        if (at_end) {
            ended_ = true;
            to_.shutdown_send();
        }
        return sent > 0 || at_end;
    }
    // Watches for more. True if some of it is there already.
    bool watch() {
        const std::size_t before = from_.in().size();
        from_.read_up_to(window);
        return from_.in().size() != before;
    }
    bool ended() const { return ended_; }
    // What was to come was cut, or nobody takes it any more.
    bool broken() const {
        return to_.write_error() || (from_.ended() && from_.read_error() != asio::error::eof);
    }
    std::uint64_t passed() const { return passed_; }

private:
    Stream& from_;
    Stream& to_;
    std::uint64_t passed_ = 0;
    bool ended_ = false;
};

}  // namespace

// One of them did it; a tunnel that was quiet for too long has done nothing wrong.
void Exchange::tunnel_broke() {
    const auto broke = [](const Stream& side) {
        return side.write_error() || (side.ended() && side.read_error() != asio::error::eof);
    };
    if (broke(*side_.stream)) return aborted();
    if (broke(connection_->stream())) cut_short(policy::FailureKind::reset);
}

Async<void> Exchange::tunnel(policy::Deliver deliver) {
    Stream& client = *side_.stream;
    Stream& upstream = connection_->stream();
    commit(deliver, {});
    keep_alive_ = false;
    constexpr std::string_view no_body;
    if (!write_at_once(side_.client_head, no_body, taken_)) {
        const bool written = co_await write_rest(side_.client_head, no_body, taken_);
        if (!written) co_return aborted();
    }
    streamed_ = true;
    Lane up(client, upstream);
    Lane down(upstream, client);
    Deadline quiet(side_.context.deadlines, side_.signal);
    quiet.arm(steady_now() + upstream_->config.timeout.response_idle);
    while (!up.ended() || !down.ended()) {
        const bool sent = up.pass();
        const bool received = down.pass();
        bytes_out_ = down.passed();
        if (up.broken() || down.broken() || quiet.expired()) {
            tunnel_broke();
            client.reset();  // neither side is to take this for an orderly end
            upstream.reset();
            break;
        }
        if (sent || received) {
            quiet.arm(steady_now() + upstream_->config.timeout.response_idle);
            continue;
        }
        const bool more_up = up.watch();
        const bool more_down = down.watch();
        if (more_up || more_down) continue;
        if (side_.signal.quiet()) co_await side_.signal.wait();
    }
    connection_.reset();
}

}  // namespace backstop::proxy
