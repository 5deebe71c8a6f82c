#include "proxy/headers.hpp"

#include "proxy/head_rules.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <charconv>

namespace backstop::proxy {

namespace {

using boost::beast::iequals;

void append(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string& out, std::uint64_t number) {
    char text[20];
    const auto result = std::to_chars(text, text + sizeof text, number);
    out.append(text, result.ptr);
}

void append_framing(const Framing& framing, std::string& out) {
    if (framing.kind == Framing::Kind::length) {
        out.append("Content-Length: ");
        append_number(out, framing.length);
        out.append("\r\n");
    } else if (framing.kind == Framing::Kind::chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
    }
}

bool is_ours(std::string_view name) {
    constexpr std::string_view prefix = "backstop-";
    return name.size() > prefix.size() && (name.front() == 'B' || name.front() == 'b') &&
           iequals(name.substr(0, prefix.size()), prefix);
}

// Fields that end at this hop, or that we write ourselves, in either direction.
bool ends_here(const Message& message, const Message::Line& line) {
    switch (line.id) {
        case FieldId::connection:
        case FieldId::proxy_connection:
        case FieldId::keep_alive:
        case FieldId::te:
        case FieldId::trailer:
        case FieldId::transfer_encoding:
        case FieldId::content_length:
        case FieldId::upgrade:
        case FieldId::http2_settings:
            return true;
        default:
            return is_ours(message.text(line.name));
    }
}

// Connection must not be able to remove what the message means or who sends it.
bool may_be_nominated(std::string_view name) {
    for (const std::string_view kept :
         {"host", "content-length", "transfer-encoding", "authorization", "content-type", "via"}) {
        if (iequals(name, kept)) return false;
    }
    return true;
}

// Is the field named by a Connection field (RFC 9110 7.6.1)?
class Nominated {
public:
    explicit Nominated(const Message& message) : message_(message) {
        for (const Message::Line& line : message.lines()) {
            if (line.id != FieldId::connection) continue;
            const std::string_view value = message.text(line.value);
            if (!iequals(value, "keep-alive") && !iequals(value, "close")) any_ = true;
        }
    }
    bool has(std::string_view name) const {
        if (!any_ || !may_be_nominated(name)) return false;
        const auto lines = message_.lines();
        return std::any_of(lines.begin(), lines.end(), [&](const Message::Line& line) {
            return line.id == FieldId::connection && has_token(message_.text(line.value), name);
        });
    }

private:
    const Message& message_;
    bool any_ = false;
};

}  // namespace

void write_upstream_head(const UpstreamHead& head, std::string& out) {
    const Message& request = head.request;
    const std::string_view target = origin_form(request.target());
    out.append(request.method()).append(" ");
    if (target != "*") out.append(head.target.base_path);
    if (target.front() == '?') out.append("/");
    out.append(target).append(" HTTP/1.1\r\n");
    append(out, "Host", head.target.authority);
    const Nominated nominated(request);
    for (const Message::Line& line : request.lines()) {
        const std::string_view name = request.text(line.name);
        if (line.id == FieldId::host || line.id == FieldId::expect) continue;
        if (ends_here(request, line) || nominated.has(name)) continue;
        if (!head.credential_header.empty() && iequals(name, head.credential_header)) continue;
        append(out, name, request.text(line.value));
    }
    out.append(request.version == 10 ? "Via: 1.0 backstop\r\n" : "Via: 1.1 backstop\r\n");
    if (!head.key_header.empty()) append(out, head.key_header, head.key);
    if (!head.credential_header.empty()) append(out, head.credential_header, head.credential);
    append_framing(head.framing, out);
    out.append("\r\n");
}

void write_client_head(const ClientHead& head, std::string& out) {
    const Message& response = head.response;
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(response.status));
    out.append(" ").append(response.reason()).append("\r\n");
    const Nominated nominated(response);
    const auto replaced = [&](std::string_view name) {
        return head.extra != nullptr &&
               std::any_of(head.extra->begin(), head.extra->end(), [&](const auto& field) {
                   return iequals(field.first, name);
               });
    };
    // HEAD and 304 keep the length of the body that they do not have (RFC 9110 8.6).
    const bool keeps_length = head.framing.kind == Framing::Kind::none && response.status >= 200 &&
                              response.status != 204;
    for (const Message::Line& line : response.lines()) {
        const std::string_view name = response.text(line.name);
        if (line.id == FieldId::content_length && keeps_length) {
            append(out, name, response.text(line.value));
            continue;
        }
        if (ends_here(response, line) || nominated.has(name) || replaced(name)) continue;
        append(out, name, response.text(line.value));
    }
    if (head.extra != nullptr) {
        for (const auto& [name, value] : *head.extra)
            append(out, name, value);
    }
    if (head.attempts) {
        out.append("Backstop-Attempts: ");
        append_number(out, static_cast<std::uint64_t>(*head.attempts));
        out.append("\r\n");
    }
    append_framing(head.framing, out);
    if (response.status >= 200) {
        if (!head.keep_alive) {
            out.append("Connection: close\r\n");
        } else if (head.client_version == 10) {
            out.append("Connection: keep-alive\r\n");
        }
    }
    out.append("\r\n");
}

std::optional<std::string_view> wish(const Message& request, std::string_view name) {
    return policy::find_header(request.fields(), name);
}

std::string_view reason_phrase(int status) {
    const auto text =
        boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {text.data(), text.size()};
}

}  // namespace backstop::proxy
