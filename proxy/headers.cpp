#include "proxy/headers.hpp"

#include "policy/idempotency_key.hpp"
#include "proxy/head_rules.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace backstop::proxy {

namespace {

using boost::beast::iequals;

// Text at the end of a string whose size is bounded beforehand: one growth for a head, and plain
// copies after it.
class Writer {
public:
    Writer(std::string& out, std::size_t at_most) : out_(out), size_(out.size()) {
        out_.resize(size_ + at_most);
    }
    ~Writer() { out_.resize(size_); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    Writer& operator<<(std::string_view text) {
        std::memcpy(out_.data() + size_, text.data(), text.size());
        size_ += text.size();
        return *this;
    }
    Writer& operator<<(std::uint64_t number) {
        char* const at = out_.data() + size_;
        size_ = static_cast<std::size_t>(std::to_chars(at, at + digits, number).ptr - out_.data());
        return *this;
    }
    void field(std::string_view name, std::string_view value) {
        *this << name << ": " << value << "\r\n";
    }
    void framing(const Framing& framing) {
        if (framing.kind == Framing::Kind::length) {
            *this << "Content-Length: " << framing.length << "\r\n";
        } else if (framing.kind == Framing::Kind::chunked) {
            *this << "Transfer-Encoding: chunked\r\n";
        }
    }

    static constexpr std::size_t digits = 20;  // of any number

private:
    std::string& out_;
    std::size_t size_;
};

// What a head adds to its fields: start line, Via, framing, Connection, attempts, numbers.
constexpr std::size_t head_extra = 384;
constexpr std::string_view upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

std::size_t field_size(std::string_view name, std::string_view value) {
    return name.size() + value.size() + 4;
}

// The fields as they came, with ": " and the line end.
std::size_t fields_size(const Message& message) {
    return message.text_size() + 4 * message.lines().size();
}

bool is_ours(std::string_view name) {
    constexpr std::string_view prefix = "backstop-";
    return name.size() > prefix.size() && (name.front() == 'B' || name.front() == 'b') &&
           iequals(name.substr(0, prefix.size()), prefix);
}

// Fields that end at this hop, or that we write ourselves, in either direction.
bool ends_here(const Message& message, const Message::Line& line, const Framing& framing) {
    switch (line.id) {
        case FieldId::connection:
        case FieldId::proxy_connection:
        case FieldId::keep_alive:
        case FieldId::te:
        case FieldId::transfer_encoding:
        case FieldId::content_length:
        case FieldId::upgrade:
        case FieldId::http2_settings:
            return true;
        case FieldId::trailer:
            return framing.kind != Framing::Kind::chunked;
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

// Fields of the client's that do not go out, because one of ours does or because they are empty.
bool is_replaced(const UpstreamHead& head, const policy::Field& field) {
    if (iequals(field.name, head.credential_header)) return true;
    if (!iequals(field.name, head.key_header)) return false;
    return !head.key.empty() || !policy::is_key(field.value);
}

// Those that go on as they came. True: the client takes trailers.
bool write_client_fields(Writer& out, const UpstreamHead& head, bool counts_hops) {
    const Message& request = head.request;
    const Nominated nominated(request);
    bool takes_trailers = false;
    for (const Message::Line& line : request.lines()) {
        const std::string_view name = request.text(line.name);
        if (line.id == FieldId::host || line.id == FieldId::expect) continue;
        if (line.id == FieldId::te)
            takes_trailers |= has_token(request.text(line.value), "trailers");
        if (line.id == FieldId::max_forwards && counts_hops) continue;
        if (ends_here(request, line, head.framing) || nominated.has(name)) continue;
        const std::string_view value = request.text(line.value);
        if (is_replaced(head, {name, value})) continue;
        out.field(name, value);
    }
    return takes_trailers;
}

}  // namespace

bool has_key(const Message& request, std::string_view name) {
    if (name.empty()) return false;
    const auto fields = request.fields();
    const bool sent = std::any_of(fields.begin(), fields.end(), [&](const policy::Field& field) {
        return policy::equal_ignoring_case(field.name, name) && policy::is_key(field.value);
    });
    return sent && !Nominated(request).has(name);
}

void write_upstream_head(const UpstreamHead& head, std::string& text) {
    const Message& request = head.request;
    const std::string_view target = origin_form(request);
    const std::size_t size = fields_size(request) + head.target.base_path.size() +
                             head.target.authority.size() + field_size(head.key_header, head.key) +
                             field_size(head.credential_header, head.credential) + head_extra;
    Writer out(text, size);
    out << request.method() << " ";
    if (target != "*") out << head.target.base_path;
    if (target.front() == '?') out << "/";
    out << target << " HTTP/1.1\r\n";
    out.field("Host", head.target.authority);
    const auto hops = hops_left(request);
    const bool takes_trailers = write_client_fields(out, head, hops.has_value());
    out << (request.version == 10 ? "Via: 1.0 backstop\r\n" : "Via: 1.1 backstop\r\n");
    if (hops) out << "Max-Forwards: " << (*hops - 1) << "\r\n";
    if (takes_trailers) out << "TE: trailers\r\nConnection: TE\r\n";
    if (request.websocket) out << upgrade;
    if (!head.key.empty()) out.field(head.key_header, head.key);
    if (!head.credential_header.empty()) out.field(head.credential_header, head.credential);
    out.framing(head.framing);
    out << "\r\n";
}

void write_client_head(const ClientHead& head, std::string& text) {
    const Message& response = head.response;
    std::size_t size = fields_size(response) + head_extra;
    if (head.extra != nullptr) {
        for (const auto& [name, value] : *head.extra)
            size += field_size(name, value);
    }
    Writer out(text, size);
    out << "HTTP/1.1 " << static_cast<std::uint64_t>(response.status) << " " << response.reason()
        << "\r\n";
    const Nominated nominated(response);
    const auto replaced = [&](std::string_view name) {
        return head.extra != nullptr &&
               std::any_of(head.extra->begin(), head.extra->end(), [&](const auto& field) {
                   return iequals(field.first, name);
               });
    };
    // HEAD and 304 keep the length of the body that they do not have (RFC 9110 8.6).
    const bool keeps_length = head.framing.kind == Framing::Kind::none && response.status >= 200 &&
                              response.status != 204 && response.content_length;
    if (keeps_length) out << "Content-Length: " << *response.content_length << "\r\n";
    for (const Message::Line& line : response.lines()) {
        const std::string_view name = response.text(line.name);
        if (ends_here(response, line, head.framing) || nominated.has(name) || replaced(name))
            continue;
        out.field(name, response.text(line.value));
    }
    if (head.extra != nullptr) {
        for (const auto& [name, value] : *head.extra)
            out.field(name, value);
    }
    if (!head.date.empty()) out.field("Date", head.date);
    if (head.attempts) {
        out << "Backstop-Attempts: " << static_cast<std::uint64_t>(*head.attempts) << "\r\n";
    }
    out.framing(head.framing);
    if (response.websocket) {
        out << upgrade;
    } else if (response.status >= 200) {
        if (!head.keep_alive) {
            out << "Connection: close\r\n";
        } else if (head.client_version == 10) {
            out << "Connection: keep-alive\r\n";
        }
    }
    out << "\r\n";
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
