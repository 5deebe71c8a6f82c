#include "tests/simulator/multipart.hpp"

#include "tests/simulator/api.hpp"

#include <cstddef>

namespace simulator {
namespace {

constexpr std::string_view line_end = "\r\n";

// The value of `name=value` or `name="value"` among parameters that semicolons part.
std::string parameter(std::string_view text, std::string_view name) {
    const std::string wanted = "; " + std::string(name) + "=";
    const std::size_t at = text.find(wanted);
    if (at == std::string_view::npos) return {};
    std::string_view value = text.substr(at + wanted.size());
    if (!value.starts_with('"')) return std::string(value.substr(0, value.find(';')));
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
}

// Takes everything up to `end`, and `end` with it; nullopt where there is none.
std::optional<std::string_view> take_until(std::string_view& rest, std::string_view end) {
    const std::size_t at = rest.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view taken = rest.substr(0, at);
    rest.remove_prefix(at + end.size());
    return taken;
}

Fields read_fields(std::string_view head) {
    Fields fields;
    while (!head.empty()) {
        const std::string_view line = take_until(head, line_end).value_or(head);
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) break;
        fields.push_back(
            {.name = std::string(line.substr(0, colon)),
             .value = std::string(line.substr(colon + 2))}
        );
    }
    return fields;
}

}  // namespace

std::optional<std::vector<Part>> read_multipart(
    std::string_view content_type, std::string_view body
) {
    const std::string boundary = parameter(content_type, "boundary");
    if (!content_type.starts_with("multipart/form-data") || boundary.empty()) return std::nullopt;
    const std::string mark = "--" + boundary;
    const std::string end = std::string(line_end) + mark;
    std::vector<Part> parts;
    if (!take_until(body, mark)) return std::nullopt;
    while (!body.starts_with("--")) {
        if (!body.starts_with(line_end)) return std::nullopt;
        body.remove_prefix(line_end.size());
        const auto head = take_until(body, "\r\n\r\n");
        if (!head) return std::nullopt;
        const auto bytes = take_until(body, end);
        if (!bytes) return std::nullopt;
        const Fields fields = read_fields(std::string(*head) + std::string(line_end));
        const std::string* disposition = find_field(fields, "Content-Disposition");
        if (!disposition) return std::nullopt;
        parts.push_back(
            {.name = parameter(*disposition, "name"),
             .filename = parameter(*disposition, "filename"),
             .bytes = std::string(*bytes)}
        );
    }
    return parts;
}

}  // namespace simulator
