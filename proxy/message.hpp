// The head of an HTTP/1.1 message as it was parsed: one piece of text that holds every name and
// value, and an index into it. Reused from message to message, so that parsing allocates nothing.
#pragma once

#include "policy/message.hpp"

#include <boost/beast/http/field.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::proxy {

using FieldId = boost::beast::http::field;

class Message {
public:
    struct Range {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
    };
    struct Line {
        FieldId id = FieldId::unknown;
        Range name{};
        Range value{};
    };

    void clear();
    Range keep(std::string_view text);
    void add(FieldId id, std::string_view name, std::string_view value);
    // Makes fields(); no more add() after it.
    void seal();

    std::string_view text(Range range) const { return {text_.data() + range.begin, range.size}; }
    // Of everything that was kept: start line, names and values.
    std::size_t text_size() const { return text_.size(); }
    std::string_view method() const { return text(first); }
    std::string_view target() const { return text(second); }
    std::string_view reason() const { return text(second); }

    std::span<const Line> lines() const { return lines_; }
    std::span<const policy::Field> fields() const { return fields_; }
    // The value of the first field with that name; `count` tells how many there are.
    std::optional<std::string_view> find(FieldId id, std::size_t* count = nullptr) const;

    // As parsed.
    Range first{};     // method
    Range second{};    // target, or reason phrase
    int version = 11;  // 10 or 11
    int status = 0;
    bool folded = false;  // a field value was continued on another line (obs-fold)
    // Fields that came after a chunked body and may go on after it: whole lines. Never part of
    // lines() (RFC 9110 6.5.1).
    std::string trailers{};

    // As judged by the rules of head_rules.hpp: how the body is framed, and what follows.
    bool chunked = false;
    std::optional<std::uint64_t> content_length{};
    bool keep_alive = true;
    bool websocket = false;  // asks for, or agrees to, a WebSocket (RFC 6455 4)

private:
    std::string text_{};
    std::vector<Line> lines_{};
    std::vector<policy::Field> fields_{};
};

}  // namespace backstop::proxy
