#include "proxy/body_parser.hpp"

#include "proxy/head_rules.hpp"

#include <algorithm>
#include <limits>

namespace backstop::proxy {

namespace {

// A size beyond 63 bits is nobody's (RFC 9112 7.1: anticipate overflow).
constexpr std::size_t digits_max = 15;
// Extensions are ignored, but not without end: as many bytes as the body had so far, and these.
constexpr std::uint64_t extensions_max = 16 * 1024;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_text(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

void BodyParser::begin(Message& message, Framing framing, Limits limits) {
    message_ = &message;
    framing_ = framing;
    limits_ = limits;
    switch (framing) {
        case Framing::none:
            state_ = State::done;
            break;
        case Framing::length:
            left_ = message.content_length.value_or(0);
            state_ = left_ == 0 ? State::done : State::data;
            break;
        case Framing::to_close:
            left_ = std::numeric_limits<std::uint64_t>::max();
            state_ = State::data;
            break;
        case Framing::chunked:
            state_ = State::size;
            break;
    }
}

std::size_t BodyParser::put(std::string_view bytes, Buffer& body) {
    std::size_t used = 0;
    while (used < bytes.size() && !done() && !bad() && state_ != State::unbegun) {
        const std::string_view rest = bytes.substr(used);
        used += state_ == State::data ? take_data(rest, body) : take_line(rest);
    }
    return used;
}

std::size_t BodyParser::take_data(std::string_view bytes, Buffer& body) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    body.append(bytes.substr(0, count));
    left_ -= count;
    received_ += count;
    if (left_ == 0) state_ = framing_ == Framing::chunked ? State::data_end : State::done;
    return count;
}

// Everything that is not data.
std::size_t BodyParser::take_line(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ != State::data && !done() && !bad())
        state_ = after(bytes[used++]);
    return used;
}

BodyParser::State BodyParser::after(char c) {
    switch (state_) {
        case State::size:
            return after_digits(c);
        case State::space:
        case State::extension:
            return after_ignored(c);
        case State::size_end:
            return c == '\n' ? after_size_line() : State::bad;
        case State::data_end:
            return c == '\r' ? State::chunk_end : State::bad;
        case State::chunk_end:
            return c == '\n' ? State::size : State::bad;
        case State::trailer:
            if (c == '\r') return State::trailer_end;
            return keep_trailer(c) ? State::trailer : State::bad;
        case State::trailer_end:
            return c == '\n' ? after_trailer_line() : State::bad;
        default:
            return State::bad;
    }
}

// 1*HEXDIG.
BodyParser::State BodyParser::after_digits(char c) {
    const int value = hex_value(c);
    if (value >= 0) {
        left_ = left_ * 16 + static_cast<std::uint64_t>(value);
        return ++digits_ <= digits_max ? State::size : State::bad;
    }
    if (digits_ == 0) return State::bad;
    digits_ = 0;
    if (c == '\r') return State::size_end;
    if (c == ';') return State::extension;
    return c == ' ' || c == '\t' ? State::space : State::bad;
}

// Of a chunk's line behind the digits.
BodyParser::State BodyParser::after_ignored(char c) {
    if (c == '\r') return State::size_end;
    if (!is_text(c) || !extend()) return State::bad;
    // White space may stand before an extension, or before nothing: it is padded by some.
    if (state_ == State::extension || c == ';') return State::extension;
    return c == ' ' || c == '\t' ? State::space : State::bad;
}

BodyParser::State BodyParser::after_size_line() const {
    return left_ > 0 ? State::data : State::trailer;
}

bool BodyParser::extend() {
    return ++extensions_ <= extensions_max + received_;
}

bool BodyParser::keep_trailer(char c) {
    if (!is_text(c) || ++trailer_bytes_ > limits_.trailer_bytes) return false;
    line_ += c;
    return true;
}

// An empty line is the end of it all.
BodyParser::State BodyParser::after_trailer_line() {
    if (line_.empty()) return State::done;
    const bool sound = ++trailers_ <= limits_.trailer_fields && add_trailer(*message_, line_);
    line_.clear();
    return sound ? State::trailer : State::bad;
}

}  // namespace backstop::proxy
