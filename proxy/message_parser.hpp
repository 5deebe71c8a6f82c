// HTTP/1.1 off the wire: Beast's parser as the lexer, strict about bytes, and this around it. Names
// and values are copied once, as they are parsed, into a Message; body bytes, without their
// framing, are appended to a Buffer. What the fields *mean* is judged by head_rules.hpp between the
// head and the body, because Beast accepts framings that must be refused.
#pragma once

#include "proxy/async.hpp"
#include "proxy/buffer.hpp"
#include "proxy/message.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <optional>
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

    // Before anything was put: there is a head only, whatever it says (answers to HEAD).
    void no_body() { Base::skip(true); }

    // Takes bytes of the body, appends what they carry to `body`.
    std::size_t put_body(std::string_view bytes, Buffer& body);
    // The message is whole.
    bool done() const { return Base::is_done(); }
    // The peer ended the connection: is the message whole by that (RFC 9112 6.3, 8)?
    bool ended_by_close();

    ParseError error() const { return error_; }
    // At least one byte of the message has come.
    bool begun() const { return Base::got_some(); }
    // Fields that came after the body, if any: dropped, and counted here.
    std::size_t trailers() const { return trailers_; }

private:
    using View = boost::beast::string_view;
    using Verb = boost::beast::http::verb;

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
    Buffer* body_ = nullptr;
    std::string_view came_{};  // what put_head() was given
    std::size_t head_bytes_ = 0;
    std::size_t trailers_ = 0;
    ParseError error_ = ParseError::none;
    bool line_done_ = false;
    bool fields_done_ = false;
};

using RequestParser = MessageParser<true>;
using ResponseParser = MessageParser<false>;

extern template class MessageParser<true>;
extern template class MessageParser<false>;

}  // namespace backstop::proxy
