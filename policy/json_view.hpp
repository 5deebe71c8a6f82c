// A JSON document to look things up in: an API's error body, or a client's request body. This is
// the only place that parses JSON from outside; whatever comes, it neither throws nor grows without
// bound. Of duplicate members the last counts (RFC 8259 4 leaves it open); numbers too large for a
// double are as if absent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace backstop::policy {

// Integers keep all their digits; every other number is a finite double.
using JsonScalar = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;

// As a person would write it, without quotes: true, 42, 0.5, text.
std::string to_text(const JsonScalar& scalar);

class JsonView {
public:
    static constexpr std::size_t default_bytes_max = 256 * 1024;
    static constexpr std::size_t depth_max = 32;

    JsonView() = default;  // finds nothing

    // A text that is too long, too deep, or no JSON gives a view that finds nothing. A byte order
    // mark is skipped, as RFC 8259 8.1 allows. `text` need not outlive the view.
    static JsonView parse(
        std::string_view text, std::size_t bytes_max = default_bytes_max
    ) noexcept;

    bool valid() const { return document_ != nullptr; }

    // What stands at a JSON Pointer (RFC 6901; "" is the whole document), if it is a scalar other
    // than null. A malformed pointer finds nothing.
    std::optional<JsonScalar> scalar(std::string_view pointer) const noexcept;
    // The same, as text.
    std::optional<std::string> text(std::string_view pointer) const noexcept;
    // A number, or a string that is one.
    std::optional<double> number(std::string_view pointer) const noexcept;

private:
    struct Document;
    std::shared_ptr<const Document> document_{};
};

// Is this a JSON Pointer: empty, or tokens each led by a slash, with ~ only in ~0 and ~1?
bool is_json_pointer(std::string_view text);

}  // namespace backstop::policy
