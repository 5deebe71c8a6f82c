#include "policy/idempotency_key.hpp"

#include "policy/json_view.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>

namespace backstop::policy {
namespace {

constexpr std::size_t body_bytes_max = 1 << 20;

// The namespace of our names (RFC 9562 6.6), drawn once. It must never change: two versions of
// backstop in two pods have to derive the same key.
constexpr boost::uuids::uuid key_namespace{
    {0x8f,
     0x2e,
     0x6a,
     0x51,
     0xd0,
     0x37,
     0x4c,
     0x1b,
     0x9a,
     0x64,
     0x1e,
     0x7c,
     0x05,
     0xb9,
     0xf2,
     0x3d}};

// Do keys of ours go out on this route at all?
bool adds_keys(const Rules& rules, const Route& route) {
    return rules.keys && rules.mode == Mode::act && route.keyed && rules.dialect &&
           !rules.dialect->key_header.empty();
}

bool derives_keys(const Rules& rules, const Route& route) {
    return adds_keys(rules, route) && rules.derive_keys && !route.natural_id.empty();
}

// A number, or a string that is not empty: `true` names nothing.
bool has_natural_id(std::string_view body, const std::string& pointer) {
    const auto id = JsonView::parse(body, body_bytes_max).scalar(pointer);
    if (!id || std::holds_alternative<bool>(*id)) return false;
    const auto* text = std::get_if<std::string>(&*id);
    return text == nullptr || !text->empty();
}

// UUIDv4 (RFC 9562 5.4): random but for version and variant.
std::string minted(const std::array<std::uint8_t, 16>& random) {
    boost::uuids::uuid uuid{};
    std::ranges::copy(random, uuid.begin());
    uuid.data[6] = static_cast<std::uint8_t>((uuid.data[6] & 0x0FU) | 0x40U);
    uuid.data[8] = static_cast<std::uint8_t>((uuid.data[8] & 0x3FU) | 0x80U);
    return boost::uuids::to_string(uuid);
}

// UUIDv5 (RFC 9562 5.5). A zero byte ends each part but the last, so that no two sets of parts are
// the same name.
std::string derived(const Rules& rules, const Route& route, std::string_view body) {
    std::string name;
    name.reserve(
        rules.upstream.size() + route.method.size() + route.label.size() + body.size() + 3
    );
    name.append(rules.upstream).push_back('\0');
    name.append(route.method).push_back('\0');
    name.append(route.path.text()).push_back('\0');
    name.append(body);
    boost::uuids::name_generator_sha1 generate(key_namespace);
    return boost::uuids::to_string(generate(name.data(), name.size()));
}

}  // namespace

bool is_key(std::string_view value) {
    return value.find_first_not_of(" \t,\"") != std::string_view::npos;
}

bool needs_whole_body(const Rules& rules, const Route& route, bool client_has_key) {
    return !client_has_key && derives_keys(rules, route);
}

Key choose_key(
    const Rules& rules,
    const Route& route,
    bool client_has_key,
    std::optional<std::string_view> body,
    const std::array<std::uint8_t, 16>& random
) {
    if (client_has_key) return {KeySource::passed, {}};
    if (!adds_keys(rules, route)) return {KeySource::none, {}};
    if (body && derives_keys(rules, route) && has_natural_id(*body, route.natural_id))
        return {KeySource::derived, derived(rules, route, *body)};
    return {KeySource::minted, minted(random)};
}

}  // namespace backstop::policy
