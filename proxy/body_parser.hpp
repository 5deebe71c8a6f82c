// A body off the wire: where it ends, and the bytes it carries without their framing (RFC 9112 6
// and 7.1). Takes bytes as they come and keeps none, so that neither an endless chunk extension nor
// an endless trailer section costs memory; what is wrong is seen at its first byte.
#pragma once

#include "proxy/buffer.hpp"
#include "proxy/message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace backstop::proxy {

class BodyParser {
public:
    // How the end is told.
    enum class Framing {
        none,
        length,
        chunked,
        to_close,
    };
    struct Limits {
        std::size_t trailer_bytes = 16 * 1024;
        std::size_t trailer_fields = 100;
    };

    // Of a message whose head was judged. Trailers that may go on are added to message.trailers.
    void begin(Message& message, Framing framing, Limits limits);

    // Takes bytes of the body and appends what they carry to `body`; returns how many were used:
    // all of them, unless the body ends or turns out to be bad before.
    std::size_t put(std::string_view bytes, Buffer& body);

    bool done() const { return state_ == State::done; }
    bool bad() const { return state_ == State::bad; }
    // The peer has ended the connection: is the body whole by that? Then it is done.
    bool end_by_close() {
        if (framing_ == Framing::to_close) state_ = State::done;
        return done();
    }

private:
    enum class State {
        unbegun,
        data,       // all of it, or those of a chunk
        size,       // a chunk's line: digits,
        space,      // white space after them,
        extension,  // what is ignored,
        size_end,   // LF
        data_end,   // CR after a chunk's bytes,
        chunk_end,  // LF
        trailer,
        trailer_end,  // LF
        done,
        bad,
    };

    std::size_t take_data(std::string_view bytes, Buffer& body);
    std::size_t take_line(std::string_view bytes);
    State after(char c);
    State after_digits(char c);
    State after_ignored(char c);
    State after_size_line() const;
    State after_trailer_line();
    bool keep_trailer(char c);
    bool extend();

    Message* message_ = nullptr;
    Limits limits_{};
    Framing framing_ = Framing::none;
    State state_ = State::unbegun;
    std::uint64_t left_ = 0;  // of the body, or of this chunk
    std::uint64_t received_ = 0;
    std::uint64_t extensions_ = 0;
    std::size_t digits_ = 0;
    std::string line_{};  // a trailer
    std::size_t trailer_bytes_ = 0;
    std::size_t trailers_ = 0;
};

}  // namespace backstop::proxy
