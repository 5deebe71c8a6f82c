#include "config/reload_plan.hpp"

#include "config/address.hpp"
#include "config/written.hpp"

#include <algorithm>

namespace backstop::config {
namespace {

std::optional<std::size_t> place_of(const Config& config, const std::string& name) {
    const auto found = std::ranges::find(config.upstreams, name, &Upstream::name);
    if (found == config.upstreams.end()) return std::nullopt;
    return static_cast<std::size_t>(found - config.upstreams.begin());
}

bool same_connections(const Upstream& before, const Upstream& after) {
    const Target& from = before.target;
    const Target& to = after.target;
    const bool same_place = from.tls == to.tls && from.host == to.host && from.port == to.port &&
                            from.unix_path == to.unix_path;
    return same_place && before.egress == after.egress && before.pool == after.pool &&
           before.dns_ttl == after.dns_ttl && (!to.tls || before.tls == after.tls);
}

bool same_credential(const Credential& before, const Credential& after) {
    return before.file == after.file && before.header == after.header &&
           before.prefix == after.prefix;
}

ReloadPlan::Upstream compare(const Config& before, const Upstream& after) {
    ReloadPlan::Upstream plan;
    plan.before = place_of(before, after.name);
    if (!plan.before) return plan;
    const Upstream& old = before.upstreams[*plan.before];
    plan.keeps_standing = old.target == after.target;
    plan.keeps_connections = same_connections(old, after);
    plan.keeps_credential = same_credential(old.credential, after.credential);
    return plan;
}

// One round of handing open sockets to whom `fits` says; each goes once.
template <typename Fits>
void hand_over(
    const std::vector<Listen>& before,
    const std::vector<Listen>& after,
    std::vector<bool>& given,
    std::vector<std::optional<std::size_t>>& sockets,
    Fits fits
) {
    for (std::size_t i = 0; i < after.size(); ++i) {
        for (std::size_t k = 0; k < before.size() && !sockets[i]; ++k) {
            if (given[k] || before[k].address != after[i].address) continue;
            if (!fits(before[k], after[i])) continue;
            sockets[i] = k;
            given[k] = true;
        }
    }
}

AddressChange compare(const std::vector<Address>& before, const std::vector<Address>& after) {
    AddressChange change;
    std::vector<Address> left = before;
    for (const Address& address : after) {
        const auto found = std::ranges::find(left, address);
        if (found == left.end()) {
            change.open.push_back(address);
        } else {
            left.erase(found);
        }
    }
    change.close = std::move(left);
    return change;
}

std::vector<Address> as_list(const std::optional<Address>& address) {
    return address ? std::vector<Address>{*address} : std::vector<Address>{};
}

// New sockets are bound before old ones are closed, so that a reload which fails has changed
// nothing. So an address can neither be widened nor go from the proxy to the admin listener.
void refuse_overlaps(
    const std::string& key,
    const std::vector<Address>& opened,
    const std::vector<Address>& closing,
    std::vector<std::string>& refused
) {
    for (const Address& address : opened) {
        const auto taken = std::ranges::find_if(closing, [&](const Address& each) {
            return overlap(address, each);
        });
        if (taken == closing.end()) continue;
        refused.push_back(
            key + ": " + address.text() + " cannot be bound while " + taken->text() +
            ", which it replaces, is open: restart backstop, or reload twice, first without it"
        );
    }
}

void find_overlaps(
    ReloadPlan& plan,
    const Config& config,
    const std::vector<Listen>& before,
    const std::vector<Listen>& after
) {
    std::vector<Address> closing = plan.admin.close;
    closing.insert(closing.end(), plan.control.close.begin(), plan.control.close.end());
    for (std::size_t k = 0; k < before.size(); ++k) {
        if (std::ranges::find(plan.sockets, std::optional(k)) == plan.sockets.end())
            closing.push_back(before[k].address);
    }
    refuse_overlaps("admin.listen", plan.admin.open, closing, plan.refused);
    refuse_overlaps("admin.control", plan.control.open, closing, plan.refused);
    for (std::size_t i = 0; i < after.size(); ++i) {
        if (plan.sockets[i]) continue;
        const std::string key = path_of(config, after[i].upstream) + ".listen";
        refuse_overlaps(key, {after[i].address}, closing, plan.refused);
    }
}

}  // namespace

std::vector<Listen> all_listen(const Config& config) {
    std::vector<Listen> all;
    for (std::size_t i = 0; i < config.upstreams.size(); ++i)
        for (const Address& address : config.upstreams[i].listen)
            all.push_back({address, i});
    return all;
}

ReloadPlan plan_reload(const Config& before, const Config& after) {
    ReloadPlan plan;
    for (const Upstream& upstream : after.upstreams)
        plan.upstreams.push_back(compare(before, upstream));
    for (std::size_t i = 0; i < before.upstreams.size(); ++i)
        if (!place_of(after, before.upstreams[i].name)) plan.removed.push_back(i);

    const std::vector<Listen> old = all_listen(before);
    const std::vector<Listen> fresh = all_listen(after);
    std::vector<bool> given(old.size());
    plan.sockets.resize(fresh.size());
    // Who stays goes first, so that "any free port" remains the port that it was.
    hand_over(old, fresh, given, plan.sockets, [&](const Listen& from, const Listen& to) {
        return plan.upstreams[to.upstream].before == from.upstream;
    });
    hand_over(old, fresh, given, plan.sockets, [](const Listen&, const Listen& to) {
        return to.address.port != 0 || !to.address.unix_path.empty();
    });
    plan.admin = compare(before.admin.listen, after.admin.listen);
    plan.control = compare(as_list(before.admin.control), as_list(after.admin.control));
    find_overlaps(plan, after, old, fresh);
    return plan;
}

}  // namespace backstop::config
