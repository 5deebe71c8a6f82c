// Which idempotency key a request goes out with (behaviour, section 6). The decision is here; the
// random bits are handed in.
#pragma once

#include "policy/rules.hpp"
#include "policy/verdict.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::policy {

struct Key {
    KeySource source = KeySource::none;
    std::string value{};  // to be added; empty if none or the client's own
};

// Does the value of an idempotency header name anything? White space, commas and quotation marks do
// not: an unset variable makes an empty text, an empty list (RFC 9110 5.6.1) or an empty string
// (RFC 9651 3.3.3), and an API takes a request with such a key for one without.
bool is_key(std::string_view value);

// Must the body be whole before the head goes out (derived keys)?
bool needs_whole_body(const Rules& rules, const Route& route, bool client_has_key);

// `body` is the whole request body if it was kept, up to 1 MiB; larger, not JSON, or without the
// natural id: minted. `random` seeds the UUIDv4.
Key choose_key(
    const Rules& rules,
    const Route& route,
    bool client_has_key,
    std::optional<std::string_view> body,
    const std::array<std::uint8_t, 16>& random
);

}  // namespace backstop::policy
