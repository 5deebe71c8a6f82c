// How an API is set up: by the command line and by /_sim/settings, with the same words.

#include "tests/simulator/bearer_api.hpp"
#include "tests/simulator/json_reader.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace simulator {
namespace {

namespace json = boost::json;

// A list of keys, all of one account, or an object that gives each key its account.
void read_keys(JsonReader& in, std::map<std::string, std::string>& out) {
    const json::value* value = in.any("keys");
    if (!value) return;
    std::map<std::string, std::string> keys;
    if (value->is_array()) {
        for (const json::value& key : value->get_array()) {
            if (!key.is_string()) in.refuse("keys", "expected strings");
            keys[std::string(key.get_string())] = "org_default";
        }
    } else if (value->is_object()) {
        for (const auto& key : value->get_object()) {
            const bool named = key.value().is_string() && !key.value().get_string().empty();
            if (!named) in.refuse("keys", "expected the organisation's name");
            keys[key.key()] = std::string(key.value().get_string());
        }
    } else {
        in.refuse("keys", "expected a list of keys, or an object from key to organisation");
    }
    out = std::move(keys);
}

void read_set(JsonReader& in, std::string_view name, std::set<std::string>& out) {
    const json::value* value = in.any(name);
    if (!value) return;
    std::set<std::string> keys;
    if (!value->is_array()) in.refuse(name, "expected a list of keys");
    for (const json::value& key : value->get_array()) {
        if (!key.is_string()) in.refuse(name, "expected strings");
        keys.emplace(key.get_string());
    }
    out = std::move(keys);
}

json::array list_of(const std::set<std::string>& keys) {
    return json::array(keys.begin(), keys.end());
}

}  // namespace

std::int64_t BearerApi::base_limit() const {
    return settings_.limit.value_or(traits_.tiers[settings_.tier].limit);
}

json::object BearerApi::settings() const {
    json::object keys;
    for (const auto& [key, account] : settings_.keys)
        keys[key] = account;
    json::object all{
        {"tier", traits_.tiers[settings_.tier].name},
        {"limit", base_limit()},
        {"window_ms", settings_.window.count()}};
    show_own(all);
    all["limits"] = settings_.limits;
    if (traits_.conflicts) all["conflicts"] = settings_.conflicts;
    if (!traits_.idempotency_header.empty()) all["honour_keys"] = settings_.honour_keys;
    all["keys"] = keys;
    all["revoked"] = list_of(settings_.revoked);
    if (traits_.restricted_keys) all["restricted"] = list_of(settings_.restricted);
    return all;
}

void BearerApi::read_tier(JsonReader& in, Settings& next) const {
    std::string name;
    if (!in.text("tier", name)) return;
    const auto found = std::ranges::find(traits_.tiers, name, &Tier::name);
    if (found == traits_.tiers.end()) {
        std::string known;
        for (const Tier& tier : traits_.tiers)
            known += (known.empty() ? "" : ", ") + std::string(tier.name);
        in.refuse("tier", "expected one of " + known + "; got '" + name + "'");
    }
    next.tier = static_cast<std::size_t>(found - traits_.tiers.begin());
    next.limit.reset();  // a tier has its own
}

std::function<void()> BearerApi::read_own(JsonReader&) {
    return [] {};
}

void BearerApi::change(const json::object& settings) {
    constexpr std::int64_t most = 1'000'000'000;
    Settings next = settings_;
    JsonReader in(settings);
    std::int64_t limit = 0;
    std::int64_t window_ms = next.window.count();
    read_tier(in, next);
    if (in.whole("limit", limit, 1, most)) next.limit = limit;
    in.whole("window_ms", window_ms, 1, most);
    next.window = std::chrono::milliseconds(window_ms);
    in.flag("limits", next.limits);
    if (traits_.conflicts) in.flag("conflicts", next.conflicts);
    if (!traits_.idempotency_header.empty()) in.flag("honour_keys", next.honour_keys);
    read_keys(in, next.keys);
    read_set(in, "revoked", next.revoked);
    if (traits_.restricted_keys) read_set(in, "restricted", next.restricted);
    const std::function<void()> change_own = read_own(in);
    in.done();
    settings_ = std::move(next);
    change_own();
}

}  // namespace simulator
