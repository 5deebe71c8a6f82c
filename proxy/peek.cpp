#include "proxy/peek.hpp"

#include <boost/beast/core/string.hpp>
#include <zlib.h>

#include <array>

namespace backstop::proxy {

namespace {

constexpr std::size_t decoded_max = 256 * 1024;

// `window_bits` as zlib's inflateInit2 takes them: 15 + 32 finds gzip and zlib headers by itself,
// -15 is raw deflate, which some servers send by the name "deflate".
std::string inflate_bounded(std::string_view body, int window_bits) {
    z_stream stream{};
    if (inflateInit2(&stream, window_bits) != Z_OK) return {};
    // zlib does not write to its input; its interface is older than const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    std::string out;
    std::array<char, 16 * 1024> piece{};
    int result = Z_OK;
    while (result == Z_OK && out.size() < decoded_max) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        result = inflate(&stream, Z_NO_FLUSH);
        const std::size_t made = piece.size() - stream.avail_out;
        out.append(piece.data(), std::min(made, decoded_max - out.size()));
        if (made == 0) break;
    }
    inflateEnd(&stream);
    return out;
}

}  // namespace

std::string decoded_copy(std::string_view body, std::string_view coding) {
    using boost::beast::iequals;
    if (coding.empty() || iequals(coding, "identity")) return std::string(body);
    const bool gzip = iequals(coding, "gzip") || iequals(coding, "x-gzip");
    if (!gzip && !iequals(coding, "deflate")) return {};
    constexpr int find_header = 15 + 32;
    std::string out = inflate_bounded(body, find_header);
    if (out.empty() && !gzip) out = inflate_bounded(body, -15);
    return out;
}

}  // namespace backstop::proxy
