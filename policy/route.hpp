// Which rules a request goes under. Immutable once the config is loaded.
#pragma once

#include "policy/dialect.hpp"
#include "policy/time.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::policy {

// "/v1/calls/{id}": literal segments, and segments that match anything but the empty one. A last
// segment "{rest...}" or "**" matches all that follows the slash before it, also nothing.
//
// Paths are compared byte by byte, as they are written: percent-encoding is not decoded, case
// counts, and a trailing slash is an empty last segment, so that "/calls/" is not "/calls". A
// template that is to match both is written twice.
class PathTemplate {
public:
    // Throws std::invalid_argument with a message fit for a user.
    static PathTemplate parse(std::string_view text);
    bool matches(std::string_view path) const;  // without query
    const std::string& text() const { return text_; }

private:
    std::string text_;
    std::vector<std::optional<std::string>> segments_;  // nothing: any segment but the empty one
    bool open_ended_ = false;
};

struct Route {
    std::string method{};  // empty: any
    PathTemplate path{};
    std::string label = "other";  // metric label: the template's text, never a raw path
    Duration deadline = std::chrono::seconds(15);
    Duration attempt = std::chrono::seconds(10);
    int attempts = 3;          // in all, 1 to 10
    bool idempotent = false;   // may be repeated whatever its method
    bool keyed = false;        // the API honours the idempotency header here
    std::string natural_id{};  // JSON Pointer
    std::string scope = "default";
    std::vector<Fallback> fallbacks{};

    // The fallback that serves this reason, or null.
    const Fallback* fallback_for(Reason reason) const;
};

// The first route that matches, or null (the caller uses the upstream's `other`). `target` is the
// client's request target in origin-form (RFC 9112 3.2.1); its query is ignored. base_path ("" or
// "/v1", the dialect's) is taken off where it is there, from target and template alike: whether
// url, client and template have it or not, "/v1/agents" and "/agents" are the same route.
const Route* find_route(
    std::span<const Route> routes,
    std::string_view base_path,
    std::string_view method,
    std::string_view target
);

}  // namespace backstop::policy
