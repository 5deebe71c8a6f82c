// HTTP/1.1 off the wire: Beast's parser as the lexer of heads, strict about bytes, and this around
// it. Names and values are copied once, as they are parsed, into a Message. What the fields *mean*
// is judged by head_rules.hpp between the head and the body, because Beast accepts framings that
// must be refused; how the body is framed is up to body_parser.hpp.
#pragma once

#include "proxy/async.hpp"
#include "proxy/body_parser.hpp"
#include "proxy/message.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::proxy {

// Limits on one head.
struct HeadLimits {
    std::size_t bytes = 16 * 1024;
    std::size_t fields = 100;
};

// What went wrong, as far as a client must be told.
enum class ParseError {
    none,
    bad,             // 400
    bad_version,     // 505
    line_too_long,   // 414
    head_too_large,  // 431
    head_framing,    // 400: lengths and codings that Beast refuses by itself
    body_framing,    // 400: a bad chunk
};

template <bool IsRequest>
class MessageParser final : private boost::beast::http::basic_parser<IsRequest> {
    using Base = boost::beast::http::basic_parser<IsRequest>;

public:
    MessageParser(Message& message, HeadLimits limits);

    // Takes bytes of the head; returns how many were used. The head is done when head_done(). Bytes
    // that were not used must be given again, with more behind them.
    std::size_t put_head(std::string_view bytes);
    bool head_done() const { return Base::is_header_done(); }

    // There is a head only, whatever it says (answers to HEAD).
    void no_body() { no_body_ = true; }

    // Once the head was judged: the body is framed as the message says now.
    void begin_body();
    // Takes bytes of the body, appends what they carry to `body`; returns how many were used.
    std::size_t put_body(std::string_view bytes, Buffer& body);
    // The message is whole.
    bool done() const { return body_.done(); }
    // The peer ended the connection: is the message whole by that (RFC 9112 6.3, 8)?
    bool ended_by_close() { return body_.end_by_close(); }

    ParseError error() const { return error_; }

private:
    using View = boost::beast::string_view;
    using Verb = boost::beast::http::verb;

    std::size_t put_line(std::string_view bytes);
    std::size_t put_fields(std::string_view bytes);
    void put_to_beast(std::string_view bytes);
    void fail(const error_code& ec);

    void on_request_impl(Verb, View method, View target, int version, error_code& ec) override;
    void on_response_impl(int status, View reason, int version, error_code& ec) override;
    void on_field_impl(FieldId id, View name, View value, error_code& ec) override;
    void on_header_impl(error_code& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override;
    std::size_t on_body_impl(View body, error_code& ec) override;
    void on_chunk_header_impl(std::uint64_t, View extensions, error_code& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code& ec) override;
    void on_finish_impl(error_code& ec) override;

    Message& message_;
    HeadLimits limits_;
    BodyParser body_{};
    std::string_view came_{};   // the line, or the fields, as they came
    std::size_t searched_ = 0;  // of the fields, for their end
    std::size_t head_bytes_ = 0;
    ParseError error_ = ParseError::none;
    bool line_came_ = false;
    bool no_body_ = false;
};

using RequestParser = MessageParser<true>;
using ResponseParser = MessageParser<false>;

extern template class MessageParser<true>;
extern template class MessageParser<false>;

}  // namespace backstop::proxy
