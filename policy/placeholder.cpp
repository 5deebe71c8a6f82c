#include "policy/placeholder.hpp"

#include "policy/date.hpp"
#include "policy/number.hpp"
#include "policy/words.hpp"

#include <array>
#include <chrono>

namespace backstop::policy {
namespace {

using Name = Placeholder::Name;

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";
constexpr std::string_view request_body_prefix = "request.body.";
constexpr std::size_t scalar_bytes_max = 1024;
constexpr std::size_t request_bytes_max = 1 << 20;

constexpr auto names = std::to_array<Word<Name>>({
    {Name::now, "now"},
    {Name::error_code, "error.code"},
    {Name::error_message, "error.message"},
    {Name::error_phrase, "error.phrase"},
    {Name::error_status, "error.status"},
    {Name::error_id, "error.id"},
    {Name::retry_after, "retry_after"},
    {Name::reset_at, "reset_at"},
    {Name::reset_epoch, "reset_epoch"},
    {Name::limit, "limit"},
    {Name::used, "used"},
    {Name::remaining, "remaining"},
});

std::string allowed_names() {
    std::string list = "there are request.body./POINTER";
    for (const auto& name : names)
        list.append(", ").append(name.second);
    return list;
}

// `whole` is the placeholder with its braces, `inner` what is between them.
Placeholder parse_placeholder(std::string_view whole, std::string_view inner) {
    Placeholder placeholder;
    inner = trimmed(inner);
    if (inner.ends_with('?')) {
        placeholder.optional = true;
        inner = trimmed(inner.substr(0, inner.size() - 1));
    }
    if (inner.starts_with(request_body_prefix)) {
        placeholder.name = Name::request_body;
        placeholder.pointer = inner.substr(request_body_prefix.size());
        if (placeholder.pointer.empty() || !is_json_pointer(placeholder.pointer))
            throw PlaceholderError(
                "'" + std::string(whole) +
                    "' needs a JSON Pointer, as in {{request.body./call_id}}",
                whole
            );
        return placeholder;
    }
    const auto name = value_in(names, inner);
    if (!name)
        throw PlaceholderError(
            "unknown placeholder '" + std::string(whole) + "'; " + allowed_names(), whole
        );
    placeholder.name = *name;
    return placeholder;
}

std::optional<JsonScalar> some(std::string_view text) {
    if (text.empty()) return std::nullopt;
    return JsonScalar(std::string(text));
}

std::optional<JsonScalar> some(const std::optional<double>& number) {
    if (!number) return std::nullopt;
    return JsonScalar(*number);
}

std::optional<JsonScalar> whole(std::int64_t number) {
    return JsonScalar(number);
}

}  // namespace

std::vector<TextPiece> parse_text(std::string_view text) {
    std::vector<TextPiece> pieces;
    while (!text.empty()) {
        const auto open = text.find(opening);
        if (open != 0) pieces.emplace_back(std::string(text.substr(0, open)));
        if (open == std::string_view::npos) break;
        text.remove_prefix(open);
        const auto close = text.find(closing);
        if (close == std::string_view::npos)
            throw PlaceholderError("'" + std::string(text) + "' lacks its closing }}", text);
        const std::string_view placeholder = text.substr(0, close + closing.size());
        pieces.emplace_back(
            parse_placeholder(placeholder, text.substr(opening.size(), close - opening.size()))
        );
        text.remove_prefix(placeholder.size());
    }
    return pieces;
}

bool mentions_request_body(std::string_view text) {
    return text.find(request_body_prefix) != std::string_view::npos;
}

std::optional<JsonScalar> PlaceholderValues::find(const Placeholder& placeholder) {
    using namespace std::chrono;
    const TemplateValues& from = values_;
    // Everything about the end of a wait is rounded up: whoever comes back then is not too early.
    const auto reset = [&from] { return from.now + from.retry_after.value_or(Duration::zero()); };
    switch (placeholder.name) {
        case Name::request_body:
            return of_request(placeholder.pointer);
        case Name::now:
            return some(format_iso8601(from.now));
        case Name::error_code:
            return some(from.error_code);
        case Name::error_message:
            return some(from.error_message);
        case Name::error_phrase:
            return some(from.error_phrase);
        case Name::error_status:
            return from.error_status == 0 ? std::nullopt : whole(from.error_status);
        case Name::error_id:
            return some(from.error_id);
        case Name::retry_after:
            if (!from.retry_after) return std::nullopt;
            return whole(ceil<seconds>(*from.retry_after).count());
        case Name::reset_at:
            if (!from.retry_after || !from.of_window) return std::nullopt;
            return some(format_iso8601(ceil<milliseconds>(reset())));
        case Name::reset_epoch:
            if (!from.retry_after || !from.of_window) return std::nullopt;
            return whole(ceil<seconds>(reset()).time_since_epoch().count());
        case Name::limit:
            return some(from.limit);
        case Name::used:
            return some(from.used);
        case Name::remaining:
            return some(from.remaining);
    }
    return std::nullopt;
}

std::optional<JsonScalar> PlaceholderValues::of_request(const std::string& pointer) {
    if (!request_) request_ = JsonView::parse(values_.request_body, request_bytes_max);
    auto found = request_->scalar(pointer);
    if (!found) return std::nullopt;
    const auto* text = std::get_if<std::string>(&*found);
    if (text != nullptr && text->size() > scalar_bytes_max) return std::nullopt;
    return found;
}

}  // namespace backstop::policy
