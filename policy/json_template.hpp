// A JSON document with places to fill in: the body of a fallback or of an error of our own.
//
// A string that is just one placeholder, "{{name}}", becomes that JSON scalar (at most 1 KiB,
// always encoded by the JSON library), or null if there is no such value. "{{name?}}" drops the
// member instead of writing null. A placeholder within a longer string is replaced by the value's
// text. Names:
//   request.body.POINTER   scalar at that JSON Pointer of the request body
//   now                    ISO 8601, UTC, milliseconds
//   error.code error.message error.phrase error.status error.id     (errors of our own)
//   retry_after (whole seconds, rounded up)  reset_at (ISO 8601)  reset_epoch (seconds)
//   limit  used  remaining      last observed; absent until observed
#pragma once

#include "policy/time.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::policy {

struct TemplateValues {
    std::string_view request_body{};
    WallTime now{};
    std::string_view error_code{};
    std::string_view error_message{};
    std::string_view error_phrase{};
    std::string_view error_id{};
    int error_status = 0;
    std::optional<Duration> retry_after{};
    bool of_window = true;  // it is a window of the API's that ends then, so that it is a reset
    std::optional<double> limit{};
    std::optional<double> used{};
    std::optional<double> remaining{};
};

class JsonTemplate {
public:
    JsonTemplate() = default;  // renders nothing

    // Throws std::invalid_argument with a message fit for a user: what is wrong, where, what is
    // allowed. Called when the config loads, never while serving.
    static JsonTemplate parse(std::string_view text);

    std::string render(const TemplateValues& values) const;  // never throws for bad request bodies
    bool empty() const { return !node_; }
    std::string_view text() const { return text_; }

private:
    struct Node;
    class Renderer;
    std::string text_;
    std::shared_ptr<const Node> node_;
};

// "{{name}}" in plain text, for header values. Missing values become empty, and so does a text that
// parse_text refuses (policy/placeholder.hpp; called when the config loads). Control characters in
// values are left out (RFC 9110 5.5).
std::string render_text(std::string_view text, const TemplateValues& values);

}  // namespace backstop::policy
