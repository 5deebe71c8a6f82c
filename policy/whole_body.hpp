// Which request bodies have to be here before the head goes out, also those of unknown length:
// something is made of them (behaviour, sections 6 and 7).
#pragma once

#include "policy/rules.hpp"

#include <cstddef>

namespace backstop::policy {

// In bytes. Of a larger body no key is derived and no template filled: it need not be waited for.
inline constexpr std::size_t whole_body_max = 1 << 20;

// A key may be derived from the body, or a fallback of the route has values of it: what had come of
// it by chance would decide which key, and for whom the fallback is.
bool wants_whole_body(const Rules& rules, const Route& route, bool client_has_key);

}  // namespace backstop::policy
