// What stands between {{ and }} in a template (policy/json_template.hpp lists the names): parsed
// when the config loads, looked up while serving.
#pragma once

#include "policy/json_template.hpp"
#include "policy/json_view.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace backstop::policy {

struct Placeholder {
    enum class Name {
        request_body,
        now,
        error_code,
        error_message,
        error_phrase,
        error_status,
        error_id,
        retry_after,
        reset_at,
        reset_epoch,
        limit,
        used,
        remaining,
    };
    Name name = Name::now;
    std::string pointer{};  // of request_body
    bool optional = false;  // "{{name?}}"
};

// A text is a sequence of plain pieces and placeholders.
using TextPiece = std::variant<std::string, Placeholder>;

// What is wrong, and which part of the text it is, for whoever can tell where that stands.
class PlaceholderError : public std::invalid_argument {
public:
    PlaceholderError(const std::string& message, std::string_view where)
        : std::invalid_argument(message), where_(where) {}
    const std::string& where() const { return where_; }

private:
    std::string where_;
};

// Throws PlaceholderError, fit for a user. Also how the loader checks a text that render_text
// fills.
std::vector<TextPiece> parse_text(std::string_view text);

// May the text of a template, placeholders and all, have values of the request body? Who asks waits
// for the body, so a text that only looks like it does no harm.
bool mentions_request_body(std::string_view text);

// The values of one rendering. The request body is parsed at its first use.
class PlaceholderValues {
public:
    // `values` outlives this.
    explicit PlaceholderValues(const TemplateValues& values) : values_(values) {}

    // Nothing if there is none, or if it is a string longer than 1 KiB.
    std::optional<JsonScalar> find(const Placeholder& placeholder);

private:
    std::optional<JsonScalar> of_request(const std::string& pointer);

    const TemplateValues& values_;
    std::optional<JsonView> request_{};
};

}  // namespace backstop::policy
