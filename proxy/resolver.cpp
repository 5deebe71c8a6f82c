#include "proxy/resolver.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
#include <utility>

namespace backstop::proxy {

namespace {

// An answer that has run out is still used while the next one is on its way, so that no caller
// waits for DNS every `ttl`; one much older than that, or in doubt, only when the next one is late.
constexpr int stale_factor = 10;
constexpr policy::Duration patience = std::chrono::milliseconds(250);

// Every second one of the other family, in the order that the resolver gave (RFC 8305 4).
std::vector<Endpoint> interleave(const TcpEndpoints& found) {
    std::vector<asio::ip::tcp::endpoint> first;
    std::vector<asio::ip::tcp::endpoint> second;
    for (const asio::ip::tcp::endpoint& endpoint : found) {
        const bool like_first =
            first.empty() || first.front().address().is_v6() == endpoint.address().is_v6();
        auto& family = like_first ? first : second;
        if (std::find(family.begin(), family.end(), endpoint) == family.end()) {
            family.push_back(endpoint);
        }
    }
    std::vector<Endpoint> all;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) all.emplace_back(first[i]);
        if (i < second.size()) all.emplace_back(second[i]);
    }
    return all;
}

}  // namespace

Resolver::Resolver(Executor executor, const config::Target& target, policy::Duration ttl)
    : executor_(executor), host_(target.host), port_(std::to_string(target.port)), ttl_(ttl) {
    if (!target.unix_path.empty()) {
        endpoints_.emplace_back(asio::local::stream_protocol::endpoint(target.unix_path));
        fixed_ = true;
        return;
    }
    error_code not_an_address;
    const auto address = asio::ip::make_address(host_, not_an_address);
    if (!not_an_address) {
        endpoints_.emplace_back(asio::ip::tcp::endpoint(address, target.port));
        fixed_ = true;
    }
}

bool Resolver::fresh() const {
    return !doubted_ && !endpoints_.empty() && steady_now() - looked_up_ < ttl_;
}

bool Resolver::usable() const {
    if (endpoints_.empty()) return false;
    const policy::Instant present = steady_now();
    return (!doubted_ && present - looked_up_ < stale_factor * ttl_) || present >= late_at();
}

policy::Instant Resolver::late_at() const {
    return asked_ + patience;
}

const std::vector<Endpoint>* Resolver::lookup(Wakeable& waiter) {
    if (fixed_ || fresh()) return &endpoints_;
    if (!busy_) refresh();
    if (usable()) return &endpoints_;
    if (std::find(waiters_.begin(), waiters_.end(), &waiter) == waiters_.end()) {
        waiters_.push_back(&waiter);
    }
    return nullptr;
}

void Resolver::forget(Wakeable& waiter) {
    std::erase(waiters_, &waiter);
}

void Resolver::doubt() {
    doubted_ = !fixed_;
}

void Resolver::refresh() {
    busy_ = true;
    error_ = {};
    asked_ = steady_now();
    const auto answered =
        [this, alive = std::weak_ptr<bool>(alive_)](error_code ec, const TcpEndpoints& found) {
            if (!alive.expired()) finished(ec, found);
        };
    look_up(executor_, host_, port_, answered);
}

void Resolver::finished(error_code ec, const TcpEndpoints& found) {
    busy_ = false;
    doubted_ = false;
    looked_up_ = steady_now();
    if (!ec) {
        endpoints_ = interleave(found);
    } else if (endpoints_.empty()) {
        error_ = ec;
    }  // else the last good answer serves; it is tried anew after `ttl`
    for (Wakeable* waiter : std::exchange(waiters_, {}))
        waiter->wake();
}

}  // namespace backstop::proxy
