// How Sticky Calls is set up: by the command line and by /_sim/settings, with the same words.

#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/sticky_calls.hpp"

#include <boost/json.hpp>

#include <array>

namespace simulator {
namespace {

namespace json = boost::json;

struct Tier {
    std::string_view name;
    std::int64_t limit;
};

constexpr std::array<Tier, 4> tiers{
    {{"free", 100}, {"starter", 600}, {"growth", 3'000}, {"scale", 10'000}}};

// A list of keys, all of one organisation, or an object that gives each key its organisation.
std::map<std::string, std::string> read_keys(const JsonReader& in, const json::value& value) {
    std::map<std::string, std::string> keys;
    if (value.is_array()) {
        for (const json::value& key : value.get_array()) {
            if (!key.is_string()) in.refuse("keys", "expected strings");
            keys[std::string(key.get_string())] = "org_default";
        }
    } else if (value.is_object()) {
        for (const auto& key : value.get_object()) {
            if (!key.value().is_string()) in.refuse("keys", "expected the organisation's name");
            keys[key.key()] = std::string(key.value().get_string());
        }
    } else {
        in.refuse("keys", "expected a list of keys, or an object from key to organisation");
    }
    return keys;
}

std::set<std::string> read_revoked(const JsonReader& in, const json::value& value) {
    std::set<std::string> keys;
    if (!value.is_array()) in.refuse("revoked", "expected a list of keys");
    for (const json::value& key : value.get_array()) {
        if (!key.is_string()) in.refuse("revoked", "expected strings");
        keys.emplace(key.get_string());
    }
    return keys;
}

}  // namespace

std::int64_t StickyCalls::Settings::base_limit() const {
    if (limit) return *limit;
    for (const Tier& each : tiers) {
        if (each.name == tier) return each.limit;
    }
    return tiers.front().limit;
}

std::int64_t StickyCalls::Settings::block_above() const {
    return base_limit() * 11 / 10;
}

json::object StickyCalls::settings() const {
    json::object keys;
    for (const auto& [key, organisation] : settings_.keys)
        keys[key] = organisation;
    json::object all{
        {"tier", settings_.tier},
        {"limit", settings_.base_limit()},
        {"window_ms", settings_.window.count()},
        {"quota", settings_.quota},
        {"limits", settings_.limits},
        {"conflicts", settings_.conflicts},
        {"honour_keys", settings_.honour_keys},
        {"keys", keys},
        {"revoked", json::array(settings_.revoked.begin(), settings_.revoked.end())}};
    return all;
}

void StickyCalls::change(const json::object& settings) {
    constexpr std::int64_t most = 1'000'000'000;
    Settings next = settings_;
    JsonReader in(settings);
    const auto word = [](std::size_t i) {
        return std::pair<std::string_view, std::string>(tiers[i].name, tiers[i].name);
    };
    const bool tier_given = in.choice("tier", next.tier, {word(0), word(1), word(2), word(3)});
    std::int64_t limit = 0;
    std::int64_t window_ms = next.window.count();
    if (tier_given) next.limit.reset();
    if (in.whole("limit", limit, 1, most)) next.limit = limit;
    in.whole("window_ms", window_ms, 1, most);
    next.window = std::chrono::milliseconds(window_ms);
    const bool quota_given = in.whole("quota", next.quota, 0, most);
    in.flag("limits", next.limits);
    in.flag("conflicts", next.conflicts);
    in.flag("honour_keys", next.honour_keys);
    if (const json::value* keys = in.any("keys")) next.keys = read_keys(in, *keys);
    if (const json::value* revoked = in.any("revoked")) next.revoked = read_revoked(in, *revoked);
    in.done();
    settings_ = std::move(next);
    if (!quota_given) return;
    for (auto& [name, organisation] : organisations_)
        organisation.quota_used = 0;
}

}  // namespace simulator
