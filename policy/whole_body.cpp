#include "policy/whole_body.hpp"

#include "policy/idempotency_key.hpp"
#include "policy/placeholder.hpp"

#include <algorithm>

namespace backstop::policy {
namespace {

bool fallbacks_read_body(const Rules& rules, const Route& route) {
    if (rules.mode != Mode::act || !rules.fallbacks) return false;
    return std::ranges::any_of(route.fallbacks, [](const Fallback& fallback) {
        return mentions_request_body(fallback.body.text());
    });
}

}  // namespace

bool wants_whole_body(const Rules& rules, const Route& route, bool client_has_key) {
    return needs_whole_body(rules, route, client_has_key) || fallbacks_read_body(rules, route);
}

}  // namespace backstop::policy
