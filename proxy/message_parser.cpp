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
// (RFC 9112 4). Also while its end has not come.
template <bool IsRequest>
std::optional<std::string> mended_line(std::string_view line) {
    constexpr std::string_view version = "HTTP/1.";
    constexpr std::size_t version_size = version.size() + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
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
    return mended;
}

// A line end without CR, for which Beast waits on and on.
bool has_bare_lf(std::string_view bytes) {
    for (std::size_t at = bytes.find('\n'); at != std::string_view::npos;
         at = bytes.find('\n', at + 1)) {
        if (at == 0 || bytes[at - 1] != '\r') return true;
    }
    return false;
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

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::put_head(std::string_view bytes) {
    error_code ec;
    came_ = bytes;
    const std::size_t used = put_to_beast(bytes, ec);
    head_bytes_ += used;
    if (ec && ec != http::error::need_more) {
        fail(ec);
        return used;
    }
    const std::string_view waiting = head_done() ? std::string_view{} : bytes.substr(used);
    if (has_bare_lf(waiting)) {
        fail(http::error::bad_line_ending);
    } else if (head_bytes_ + waiting.size() > limits_.bytes) {
        fail(http::error::header_limit);
    }
    return used;
}

template <bool IsRequest>
std::size_t MessageParser<IsRequest>::put_to_beast(std::string_view bytes, error_code& ec) {
    const std::size_t end = bytes.find("\r\n");
    const auto line = line_done_ ? std::nullopt : mended_line<IsRequest>(bytes.substr(0, end));
    if (!line) return Base::put({bytes.data(), bytes.size()}, ec);
    if (end == std::string_view::npos) return 0;
    // Beast takes a head whole or not at all, but for a start line that came alone.
    mended_ = *line;
    mended_ += bytes.substr(end);
    came_ = mended_;
    const std::size_t used = Base::put({mended_.data(), mended_.size()}, ec);
    return used > 0 ? used - line->size() + end : 0;
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
        // Beast may not have looked at the first line before it had seen the end of the head.
        const bool line_came = line_done_ || came_.find('\n') < limits_.bytes;
        error_ = line_came ? ParseError::head_too_large : ParseError::line_too_long;
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
    line_done_ = true;
    message_.first = message_.keep(std_view(method));
    message_.second = message_.keep(std_view(target));
    message_.version = version;
}

template <bool IsRequest>
void MessageParser<IsRequest>::on_response_impl(int status, View reason, int version, error_code&) {
    line_done_ = true;
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
