#include "proxy/serving.hpp"

#include "proxy/egress.hpp"
#include "proxy/log.hpp"
#include "proxy/upstream_metrics.hpp"

#include <algorithm>

namespace backstop::proxy {

Serving::Upstreams Serving::next_upstreams(const config::ReloadPlan& plan, const Setup& setup)
    const {
    Upstreams next;
    for (std::size_t i = 0; i < plan.upstreams.size(); ++i) {
        const config::ReloadPlan::Upstream& change = plan.upstreams[i];
        Upstream::Legacy legacy;
        if (change.before) {
            legacy = upstreams_[*change.before]->legacy();
            if (!change.keeps_standing) legacy.live = nullptr;
            if (!change.keeps_connections) legacy.reach = nullptr;
            if (!change.keeps_credential) legacy.credential = nullptr;
        }
        next.push_back(std::make_shared<Upstream>(
            context_, metrics_, setup.config.upstreams[i], setup.materials[i], std::move(legacy)
        ));
    }
    return next;
}

void Serving::change(
    const config::ReloadPlan& plan, const Setup& setup, std::vector<Bound> sockets
) {
    Upstreams before = std::exchange(upstreams_, next_upstreams(plan, setup));
    const std::vector<config::Listen> places = config::all_listen(setup.config);
    Listeners listeners;
    auto fresh = sockets.begin();
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::shared_ptr<Upstream>& upstream = upstreams_[places[i].upstream];
        if (plan.sockets[i]) {
            listeners.push_back(std::move(listeners_[*plan.sockets[i]]));
            Listener& listener = *listeners.back();
            const config::Upstream& old = listener.upstream().config;
            const bool news = old.name != upstream->config.name ||
                              old.url != upstream->config.url ||
                              old.egress != upstream->config.egress;
            listener.serve(upstream);
            if (news) say_listening(listener, upstream->config);
        } else {
            listeners.push_back(std::make_unique<Listener>(context_, std::move(*fresh++), upstream)
            );
            listeners.back()->start();
            say_listening(*listeners.back(), upstream->config);
        }
    }
    for (const std::unique_ptr<Listener>& old : listeners_) {
        if (!old) continue;  // handed over
        old->retire();
        log::info("no longer listening", {{"address", old->address().text()}});
    }
    listeners_ = std::move(listeners);
    for (const std::size_t removed : plan.removed) {
        before[removed]->metrics().retire();
        log::info("upstream removed", {{"upstream", before[removed]->config.name}});
    }
    leave(before);
    wake_sleepers();  // the gate that they wait for may be gone
}

void Serving::say_listening(const Listener& listener, const config::Upstream& upstream) {
    const std::string text = listener.address().text();
    const log::Field address("address", text);
    const log::Field name("upstream", upstream.name);
    const log::Field url("url", upstream.url);
    const log::Field dialect("dialect", upstream.dialect);
    if (upstream.egress) {
        const std::string proxy = url_of(*upstream.egress);
        log::info("listening", {address, name, url, dialect, {"proxy", proxy}});
    } else {
        log::info("listening", {address, name, url, dialect});
    }
}

void Serving::leave(const Upstreams& upstreams) {
    std::erase_if(leaving_, [](const std::weak_ptr<Upstream>& each) { return each.expired(); });
    for (const std::shared_ptr<Upstream>& each : upstreams)
        leaving_.push_back(each);
}

void Serving::renew_credential(const std::string& upstream, const std::string& value) {
    const auto found = std::ranges::find_if(upstreams_, [&](const auto& each) {
        return each->config.name == upstream;
    });
    if (found != upstreams_.end()) (*found)->renew_credential(value);
}

void Serving::resume() {
    for (const std::unique_ptr<Listener>& listener : listeners_)
        listener->resume();
}

void Serving::wake_sleepers() {
    for (const std::shared_ptr<Upstream>& each : upstreams_)
        each->wake_sleepers();
    for (const std::weak_ptr<Upstream>& left : leaving_)
        if (const std::shared_ptr<Upstream> each = left.lock()) each->wake_sleepers();
}

void Serving::stop() {
    for (const std::unique_ptr<Listener>& listener : listeners_)
        listener->stop();
    for (const std::shared_ptr<Upstream>& each : upstreams_)
        each->pool().close_idle();
    for (const std::weak_ptr<Upstream>& left : leaving_)
        if (const std::shared_ptr<Upstream> each = left.lock()) each->pool().close_idle();
}

std::vector<config::Address> Serving::addresses() const {
    std::vector<config::Address> all;
    for (const std::unique_ptr<Listener>& listener : listeners_)
        all.push_back(listener->address());
    return all;
}

}  // namespace backstop::proxy
