#include "proxy/head_rules.hpp"

#include "policy/number.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <charconv>

namespace backstop::proxy {

namespace {

using boost::beast::iequals;

constexpr Refusal bad(std::string_view detail) {
    return {400, "bad_request", detail};
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// Calls `each` with every element of a comma-separated list, empty ones left out.
template <typename Each>
void for_each_token(std::string_view list, Each each) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view token = trim(list.substr(0, comma));
        if (!token.empty()) each(token);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// 1*DIGIT that fits 63 bits; no sign, no list (RFC 9110 8.6).
std::optional<std::uint64_t> parse_length(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_alphanumeric(char c) {
    return policy::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What a name or an IPv4 address may consist of (RFC 3986 3.2.2).
bool is_of_reg_name(char c) {
    return is_alphanumeric(c) ||
           std::string_view("-._~%!$&'()*+;=").find(c) != std::string_view::npos;
}

// Where the host ends and the port, if any, begins; npos if it is no host.
std::size_t end_of_host(std::string_view text) {
    if (!text.starts_with('[')) {
        const auto* const end = std::find_if_not(text.begin(), text.end(), is_of_reg_name);
        return end == text.begin() ? std::string_view::npos
                                   : static_cast<std::size_t>(end - text.begin());
    }
    const std::size_t close = text.find_first_not_of("0123456789abcdefABCDEF:.", 1);
    const bool sound = close != std::string_view::npos && close >= 3 && text[close] == ']';
    return sound ? close + 1 : std::string_view::npos;
}

// *DIGIT (RFC 3986 3.2.3), of a port that exists.
bool is_port(std::string_view text) {
    std::uint32_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [read, ec] = std::from_chars(text.data(), end, port);
    return text.empty() || (ec == std::errc{} && read == end && port <= 65'535);
}

// uri-host [ ":" port ] (RFC 9110 7.2), without userinfo. An empty value is allowed by the RFC for
// schemes without authority; nobody sends it to an HTTP API.
bool valid_authority(std::string_view text) {
    const std::size_t end = end_of_host(text);
    if (end == std::string_view::npos) return false;
    if (end == text.size()) return true;
    return text[end] == ':' && is_port(text.substr(end + 1));
}

// The authority of an absolute-form target, or nothing if it is not one.
std::optional<std::string_view> authority_of(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() > scheme.size() && iequals(target.substr(0, scheme.size()), scheme)) {
            target.remove_prefix(scheme.size());
            return target.substr(0, target.find_first_of("/?"));
        }
    }
    return std::nullopt;
}

Refusal judge_target(const Message& message) {
    const std::string_view target = message.target();
    if (target.find_first_of("#\\\"<>^`{|}") != std::string_view::npos ||
        std::any_of(target.begin(), target.end(), [](char c) {
            return static_cast<unsigned char>(c) >= 0x80 || is_control(c);
        })) {
        return bad("the request target holds a character that a URI must encode");
    }
    if (target.front() == '/') return {};
    if (target == "*") {
        if (message.method() == "OPTIONS") return {};
        return bad("only OPTIONS may ask for '*'");
    }
    const auto authority = authority_of(target);
    if (!authority) return bad("the request target is neither a path nor a URL");
    if (!valid_authority(*authority)) return bad("the URL in the request line has no valid host");
    return {};
}

Refusal judge_host(const Message& message) {
    std::size_t count = 0;
    const auto host = message.find(FieldId::host, &count);
    if (count > 1) return bad("more than one Host field");
    if (count == 0) {
        if (message.version == 11) return bad("no Host field");
        return {};
    }
    if (!valid_authority(*host)) return bad("the Host field is not a host with an optional port");
    return {};
}

bool expects_more_than_continue(const Message& message) {
    const auto lines = message.lines();
    return std::any_of(lines.begin(), lines.end(), [&](const Message::Line& line) {
        return line.id == FieldId::expect && !iequals(message.text(line.value), "100-continue");
    });
}

Refusal judge_framing(Message& message) {
    std::size_t lengths = 0;
    std::size_t codings = 0;
    const auto length = message.find(FieldId::content_length, &lengths);
    const auto coding = message.find(FieldId::transfer_encoding, &codings);
    if (codings > 0) {
        if (lengths > 0) return bad("both Content-Length and Transfer-Encoding");
        if (message.version == 10) return bad("Transfer-Encoding in an HTTP/1.0 request");
        if (codings > 1) return bad("more than one Transfer-Encoding field");
        if (!iequals(*coding, "chunked")) {
            // RFC 9112 6.1: 501 for a coding that is not understood.
            if (has_token(*coding, "chunked") || coding->empty()) {
                return bad("Transfer-Encoding must be exactly 'chunked'");
            }
            return {501, "bad_request", "only the transfer coding 'chunked' is supported"};
        }
        message.chunked = true;
        return {};
    }
    if (lengths > 1) return bad("more than one Content-Length field");
    if (lengths == 1) {
        message.content_length = parse_length(*length);
        if (!message.content_length) return bad("Content-Length is not a plain decimal number");
    }
    return {};
}

// More lenient than with requests in one thing: the same length may be said several times.
bool judge_response_framing(Message& message) {
    std::size_t lengths = 0;
    std::size_t codings = 0;
    const auto length = message.find(FieldId::content_length, &lengths);
    const auto coding = message.find(FieldId::transfer_encoding, &codings);
    if (lengths > 0 && codings > 0) return false;
    if (codings > 0) {
        message.chunked = codings == 1 && iequals(*coding, "chunked") && message.version != 10;
        return message.chunked;
    }
    if (lengths == 0) return true;
    message.content_length = parse_length(*length);
    const auto lines = message.lines();
    return message.content_length &&
           std::all_of(lines.begin(), lines.end(), [&](const Message::Line& line) {
               return line.id != FieldId::content_length || message.text(line.value) == *length;
           });
}

bool has_connection_token(const Message& message, std::string_view token) {
    const auto lines = message.lines();
    return std::any_of(lines.begin(), lines.end(), [&](const Message::Line& line) {
        return line.id == FieldId::connection && has_token(message.text(line.value), token);
    });
}

// RFC 6455 4.1 and 4.2.2: both fields, and nothing else that it could be.
bool names_websocket(const Message& message) {
    std::size_t count = 0;
    const auto protocol = message.find(FieldId::upgrade, &count);
    return count == 1 && iequals(*protocol, "websocket") &&
           has_connection_token(message, "upgrade");
}

void judge_connection(Message& message) {
    message.keep_alive = message.version == 11;
    for (const Message::Line& line : message.lines()) {
        if (line.id != FieldId::connection) continue;
        for_each_token(message.text(line.value), [&](std::string_view token) {
            if (iequals(token, "close")) message.keep_alive = false;
            if (iequals(token, "keep-alive") && message.version == 10) message.keep_alive = true;
        });
    }
    // close beats keep-alive whatever their order.
    if (message.version == 10 && has_connection_token(message, "close")) message.keep_alive = false;
}

// 1*tchar (RFC 9110 5.6.2).
bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

// Not what frames, routes, authenticates or changes how the message is processed (RFC 9110 6.5.1),
// nor what the message's Connection names.
bool may_be_trailer(const Message& message, FieldId id, std::string_view name) {
    switch (id) {
        case FieldId::age:
        case FieldId::authorization:
        case FieldId::cache_control:
        case FieldId::connection:
        case FieldId::cookie:
        case FieldId::date:
        case FieldId::expect:
        case FieldId::expires:
        case FieldId::host:
        case FieldId::http2_settings:
        case FieldId::keep_alive:
        case FieldId::location:
        case FieldId::max_forwards:
        case FieldId::pragma:
        case FieldId::proxy_authenticate:
        case FieldId::proxy_authorization:
        case FieldId::proxy_connection:
        case FieldId::range:
        case FieldId::retry_after:
        case FieldId::set_cookie:
        case FieldId::te:
        case FieldId::trailer:
        case FieldId::transfer_encoding:
        case FieldId::upgrade:
        case FieldId::vary:
        case FieldId::via:
        case FieldId::www_authenticate:
            return false;
        default:
            break;
    }
    for (const std::string_view family : {"content-", "backstop-", "if-"}) {
        if (iequals(name.substr(0, family.size()), family)) return false;
    }
    return !has_connection_token(message, name);
}

}  // namespace

bool has_token(std::string_view list, std::string_view name) {
    bool found = false;
    for_each_token(list, [&](std::string_view token) { found = found || iequals(token, name); });
    return found;
}

Refusal judge_request(Message& message) {
    const std::string_view method = message.method();
    if (method == "CONNECT") return {501, "bad_method", "CONNECT is not supported"};
    if (method == "TRACE") return {405, "bad_method", "TRACE is not allowed"};
    if (message.folded) return bad("a field continued on another line (obs-fold)");
    if (const Refusal refusal = judge_target(message)) return refusal;
    if (const Refusal refusal = judge_host(message)) return refusal;
    if (const Refusal refusal = judge_framing(message)) return refusal;
    if (expects_more_than_continue(message))
        return {417, "bad_request", "the only expectation that can be met is 100-continue"};
    judge_connection(message);
    message.websocket = method == "GET" && message.version == 11 && !message.chunked &&
                        message.content_length.value_or(0) == 0 && names_websocket(message);
    return {};
}

bool judge_response(Message& message, std::string_view request_method) {
    if (message.status < 100 || message.status > 599 || message.folded) return false;
    judge_connection(message);
    if (!judge_response_framing(message)) return false;
    // These have no body, whatever their fields say (RFC 9112 6.3). Who announces one all the same
    // may send it, too, so that nothing else can be read from this connection.
    const int status = message.status;
    const bool bodiless = status < 200 || status == 204 || status == 304;
    const bool announced = message.chunked || message.content_length.value_or(0) > 0;
    if (status < 200 && announced) return false;
    if (status == 204 && announced) message.keep_alive = false;
    message.websocket = status == 101 && names_websocket(message);
    const bool to_close =
        !bodiless && request_method != "HEAD" && !message.chunked && !message.content_length;
    if (to_close) message.keep_alive = false;
    return true;
}

std::string_view origin_form(const Message& request) {
    const std::string_view target = request.target();
    if (target.empty() || target.front() == '/' || target == "*") return target;
    const auto authority = authority_of(target);
    if (!authority) return target;
    const std::size_t begin =
        static_cast<std::size_t>(authority->data() - target.data()) + authority->size();
    const std::string_view rest = target.substr(begin);
    if (!rest.empty()) return rest;
    return request.method() == "OPTIONS" ? "*" : "/";
}

std::optional<std::uint64_t> hops_left(const Message& request) {
    if (request.method() != "OPTIONS") return std::nullopt;
    const auto field = request.find(FieldId::max_forwards);
    return field ? parse_length(*field) : std::nullopt;
}

bool add_trailer(Message& message, std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name)) return false;
    const std::string_view value = trim(line.substr(colon + 1));
    if (may_be_trailer(message, boost::beast::http::string_to_field(name), name))
        message.trailers.append(name).append(": ").append(value).append("\r\n");
    return true;
}

}  // namespace backstop::proxy
