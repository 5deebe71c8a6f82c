// The chunked transfer coding as we write it (RFC 9112 7.1): no extensions, no trailers.
#pragma once

#include "proxy/buffer.hpp"

#include <charconv>
#include <string_view>

namespace backstop::proxy {

// One chunk; nothing for an empty piece, which would end the message.
inline void append_chunk(Buffer& out, std::string_view piece) {
    if (piece.empty()) return;
    char size[18];
    const auto end = std::to_chars(size, size + 16, piece.size(), 16).ptr;
    out.append({size, static_cast<std::size_t>(end - size)});
    out.append("\r\n");
    out.append(piece);
    out.append("\r\n");
}

inline void append_last_chunk(Buffer& out) {
    out.append("0\r\n\r\n");
}

}  // namespace backstop::proxy
