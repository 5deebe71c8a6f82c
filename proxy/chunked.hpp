// The chunked transfer coding as we write it (RFC 9112 7.1): no extensions.
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

// `trailers`: whole field lines, or nothing (RFC 9112 7.1.2).
inline void append_last_chunk(Buffer& out, std::string_view trailers) {
    out.append("0\r\n");
    out.append(trailers);
    out.append("\r\n");
}

}  // namespace backstop::proxy
