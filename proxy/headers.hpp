// The heads that we send: built anew from what was parsed, never edited in place. Hop-by-hop and
// Connection-nominated fields are left out (RFC 9110 7.6.1), framing is our own.
#pragma once

#include "config/config.hpp"
#include "proxy/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop::proxy {

// How a body that we send is framed.
struct Framing {
    enum class Kind {
        none,
        length,
        chunked,
        to_close
    } kind = Kind::none;
    std::uint64_t length = 0;
};

struct UpstreamHead {
    const Message& request;
    const config::Target& target;
    Framing framing{};
    // The idempotency header; empty: as it came. The client's lines of that name stay if they are
    // keys and there is none to add: an API that reads another line than we do sees the same key.
    std::string_view key_header{};
    std::string_view key{};                // to add; empty: the client has its own
    std::string_view credential_header{};  // replaces the client's; empty: none
    std::string_view credential{};
};
// Appends the head of the request to the upstream. An OPTIONS that may pass no further gateway
// (hops_left() is 0) is not for it.
void write_upstream_head(const UpstreamHead& head, std::string& text);

struct ClientHead {
    const Message& response;
    Framing framing{};
    int client_version = 11;
    bool keep_alive = true;
    std::optional<int> attempts{};  // Backstop-Attempts; nothing for 1xx
    std::string_view date{};        // for a response that has none
    // Fields of ours that are added, each replacing the upstream's of the same name.
    const std::vector<std::pair<std::string, std::string>>* extra = nullptr;
};
// Appends the head of the response to the client.
void write_client_head(const ClientHead& head, std::string& text);

// Does the client send an idempotency key that reaches the upstream? Not one without a value, nor
// one that a Connection field says is for us only (RFC 9110 7.6.1). `name` empty: there is none.
bool has_key(const Message& request, std::string_view name);

// A client's wish in a Backstop-* field, e.g. "Backstop-Timeout"; nothing if absent.
std::optional<std::string_view> wish(const Message& request, std::string_view name);

std::string_view reason_phrase(int status);

}  // namespace backstop::proxy
