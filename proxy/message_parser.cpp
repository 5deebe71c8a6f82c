#include "proxy/message_parser.hpp"

#include "policy/number.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <functional>

namespace backstop::proxy {

namespace http = boost::beast::http;

namespace {

std::string_view std_view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

// A line that begins with white space continues the one before it (obs-fold, RFC 9112 5.2). Beast
// joins such lines without a word. But it does so elsewhere: of a field on one line the value
// stands where it came, and nothing but spaces and tabs is between the colon and it.
bool is_folded(std::string_view came, std::string_view name, std::string_view value) {
    const std::less<> before;
    if (before(value.data(), came.data()) || before(came.data() + came.size(), value.data()))
        return true;
    const char* const gap = name.data() + name.size();
    return std::find(gap, value.data(), '\n') != value.data();
}

// HTTP-version as RFC 9112 2.3 has it, at the end of the first line, but of another major version.
// What is none is rubbish rather than another protocol.
bool names_another_version(std::string_view head) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos) return false;
    const std::string_view version = line.substr(space + 1);
    return version.size() == 8 && version.starts_with("HTTP/") && policy::is_digit(version[5]) &&
           version[5] != '1' && version[6] == '.' && policy::is_digit(version[7]);
}

// A start line that means something but that Beast does not take, as it does: a later HTTP/1.x is
// read as 1.1 (RFC 9110 2.5), and not everybody sends the space before an empty reason phrase
// (RFC 9112 4). `line` is without its end.
template <bool IsRequest>
std::optional<std::string> mended_line(std::string_view line) {
    constexpr std::string_view version = "HTTP/1.";
    constexpr std::size_t version_size = version.size() + 1;
    if (line.size() < version_size) return std::nullopt;
    const std::size_t at = IsRequest ? line.size() - version_size : 0;
    if (line.substr(at, version.size()) != version) return std::nullopt;
    const char minor = line[at + version.size()];
    const bool later = minor >= '2' && minor <= '9';
    const bool no_space = !IsRequest && line.size() == version_size + 4;  // "HTTP/1.1 200"
    if (!later && !no_space) return std::nullopt;
    std::string mended(line);
    if (later) mended[at + version.size()] = '1';
    if (no_space) mended += ' ';
    return mended += "\r\n";
}

bool has_bare_lf(std::string_view bytes) {
    for (std::size_t at = bytes.find('\n'); at != std::string_view::npos;
         at = bytes.find('\n', at + 1)) {
        if (at == 0 || bytes[at - 1] != '\r') return true;
    }
    return false;
}

// What has come of a line or of fields, and is given to the parser once it is whole. Rubbish is not
// waited for: another protocol may never send a line end.
template <bool IsRequest>
bool may_become_head(std::string_view waiting, bool line_came) {
    if (has_bare_lf(waiting)) return false;
    if (line_came || waiting.empty()) return true;
    constexpr std::string_view version = "HTTP/";
    if (!IsRequest) return version.starts_with(waiting.substr(0, version.size()));
    return static_cast<unsigned char>(waiting.front()) > ' ';
}

}  // namespace

template <bool IsRequest>
MessageParser<IsRequest>::MessageParser(Message& message, HeadLimits limits)
    : message_(message), limits_(limits) {
    message_.clear();
    // Beast's limit holds for the start line and for the fields apart; the total is checked here.
    Base::header_limit(static_cast<std::uint32_t>(limits.bytes + 4));
    Base::body_limit(boost::none);
    Base::eager(false);
}

// Beast gets the start line whole, and then the fields whole: of what comes in pieces it can lose
// its place when a piece ends between CR and LF.
template <bool IsRequest>
std::size_t MessageParser<IsRequest>::put_head(std::string_view bytes) {
    std::size_t used = line_came_ ? 0 : put_line(bytes);
    if (line_came_ && error_ == ParseError::none) used += put_fields(bytes.substr(used));
    head_bytes_ += used;
    if (error_ == ParseError::none) {
        const std::string_view waiting = head_done() ? std::string_view{} : bytes.substr(used);
        if (head_bytes_ + waiting.size() > limits_.bytes) {
            fail(http::error::header_limit);
        } else if (!may_become_head<IsRequest>(waiting, line_came_)) {
            fail(http::error::bad_line_ending);
        }
    }
    return used;
}

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::put_line(std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return 0;
    if (end + 2 > limits_.bytes) {
        fail(http::error::header_limit);
        return 0;
    }
    line_came_ = true;
    came_ = bytes.substr(0, end + 2);
    const auto mended = mended_line<IsRequest>(bytes.substr(0, end));
    put_to_beast(mended ? std::string_view(*mended) : came_);
    return end + 2;
}

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::put_fields(std::string_view bytes) {
    std::size_t end = bytes.starts_with("\r\n") ? 0 : bytes.find("\r\n\r\n", searched_);
    if (end == std::string_view::npos) {
        searched_ = bytes.size() < 3 ? 0 : bytes.size() - 3;
        return 0;
    }
    end += end == 0 ? 2 : 4;
    came_ = bytes.substr(0, end);
    put_to_beast(came_);
    return end;
}

template <bool IsRequest>
void MessageParser<IsRequest>::put_to_beast(std::string_view bytes) {
    error_code ec;
    const std::size_t used = Base::put({bytes.data(), bytes.size()}, ec);
    if (ec && ec != http::error::need_more) {
        fail(ec);
    } else if (used < bytes.size()) {
        fail(http::error::bad_line_ending);  // it wants more, but this is all
    }
}

template <bool IsRequest>
void MessageParser<IsRequest>::begin_body() {
    using Framing = BodyParser::Framing;
    Framing framing = IsRequest ? Framing::none : Framing::to_close;
    if (message_.content_length) framing = Framing::length;
    if (message_.chunked) framing = Framing::chunked;
    const int status = message_.status;
    const bool bodiless = no_body_ || status < 200 || status == 204 || status == 304;
    if (!IsRequest && bodiless) framing = Framing::none;
    body_.begin(message_, framing, {limits_.bytes, limits_.fields});
}

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::put_body(std::string_view bytes, Buffer& body) {
    const std::size_t used = body_.put(bytes, body);
    if (body_.bad()) error_ = ParseError::body_framing;
    return used;
}

template <bool IsRequest>
void MessageParser<IsRequest>::fail(const error_code& ec) {
    if (error_ != ParseError::none) return;
    if (ec == http::error::header_limit) {
        error_ = line_came_ ? ParseError::head_too_large : ParseError::line_too_long;
    } else if (ec == http::error::bad_version && names_another_version(came_)) {
        error_ = ParseError::bad_version;
    } else if (ec == http::error::bad_content_length || ec == http::error::bad_transfer_encoding || ec == http::error::multiple_content_length) {
        error_ = ParseError::head_framing;
    } else {
        error_ = ParseError::bad;
    }
}

template <bool IsRequest>
void MessageParser<
    IsRequest>::on_request_impl(Verb, View method, View target, int version, error_code&) {
    message_.first = message_.keep(std_view(method));
    message_.second = message_.keep(std_view(target));
    message_.version = version;
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_response_impl(int status, View reason, int version, error_code&) {
    message_.status = status;
    message_.second = message_.keep(std_view(reason));
    message_.version = version;
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_field_impl(FieldId id, View name, View value, error_code& ec) {
    if (message_.lines().size() >= limits_.fields) {
        error_ = ParseError::head_too_large;
        ec = http::error::header_limit;
        return;
    }
    if (is_folded(came_, std_view(name), std_view(value))) message_.folded = true;
    message_.add(id, std_view(name), std_view(value));
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_header_impl(error_code&) {
    message_.seal();
}

template <bool IsRequest>
void MessageParser<
    IsRequest>::on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) {}

// Bodies are not Beast's: it is given heads only.
template <bool IsRequest>
std::size_t MessageParser<IsRequest>::on_body_impl(View, error_code&) {
    return 0;
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_chunk_header_impl(std::uint64_t, View, error_code&) {}

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::on_chunk_body_impl(std::uint64_t, View, error_code&) {
    return 0;
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_finish_impl(error_code&) {}

template class MessageParser<true>;
template class MessageParser<false>;

}  // namespace backstop::proxy
