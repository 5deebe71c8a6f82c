#include "policy/route.hpp"

#include <algorithm>
#include <stdexcept>

namespace backstop::policy {
namespace {

// Takes the next segment of a path that starts with a slash off the front.
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

bool is_name(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    return !text.empty() && std::ranges::all_of(text, fits);
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
    throw std::invalid_argument("path '" + std::string(text) + "': " + why);
}

bool is_rest(std::string_view segment) {
    if (segment == "**") return true;
    if (!segment.starts_with('{') || !segment.ends_with("...}")) return false;
    return is_name(segment.substr(1, segment.size() - 5));
}

// The literal text, or nothing for "{name}".
std::optional<std::string> parse_segment(std::string_view text, std::string_view segment) {
    if (segment.find_first_of("{}*") == std::string_view::npos) return std::string(segment);
    const bool braced = segment.starts_with('{') && segment.ends_with('}');
    if (braced && is_name(segment.substr(1, segment.size() - 2))) return std::nullopt;
    refuse(
        text,
        "'" + std::string(segment) +
            "' is neither literal nor one placeholder such as {id}; {rest...} or ** may stand last"
    );
}

bool is_under(std::string_view path, std::string_view base_path) {
    if (base_path.empty() || !path.starts_with(base_path)) return false;
    return path.size() == base_path.size() || path[base_path.size()] == '/';
}

// What is left of a path without the base path; at least the slash.
std::string_view without_base(std::string_view path, std::string_view base_path) {
    if (!is_under(path, base_path)) return path;
    path.remove_prefix(base_path.size());
    return path.empty() ? "/" : path;
}

}  // namespace

PathTemplate PathTemplate::parse(std::string_view text) {
    if (!text.starts_with('/')) refuse(text, "must start with a slash");
    const auto never_in_a_path = [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#' || c == '\x7F';
    };
    if (std::ranges::any_of(text, never_in_a_path))
        refuse(text, "spaces, '?' and '#' are not part of a path; a query is not matched");
    PathTemplate result;
    result.text_ = text;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view segment = take_segment(rest);
        if (rest.empty() && is_rest(segment))
            result.open_ended_ = true;
        else
            result.segments_.push_back(parse_segment(text, segment));
    }
    return result;
}

bool PathTemplate::matches(std::string_view path) const {
    if (text_.empty()) return false;
    for (const auto& segment : segments_) {
        if (!path.starts_with('/')) return false;
        const std::string_view actual = take_segment(path);
        if (segment ? actual != *segment : actual.empty()) return false;
    }
    return open_ended_ ? path.starts_with('/') : path.empty();
}

const Fallback* Route::fallback_for(Reason reason) const {
    const auto serves = [reason](const Fallback& fallback) {
        return std::ranges::find(fallback.on, reason) != fallback.on.end();
    };
    const auto found = std::ranges::find_if(fallbacks, serves);
    return found == fallbacks.end() ? nullptr : &*found;
}

const Route* find_route(
    std::span<const Route> routes,
    std::string_view base_path,
    std::string_view method,
    std::string_view target
) {
    const std::string_view path = without_base(target.substr(0, target.find('?')), base_path);
    const auto matches = [&](const Route& route) {
        if (!route.method.empty() && route.method != method) return false;
        if (!is_under(route.path.text(), base_path)) return route.path.matches(path);
        return route.path.matches(std::string(base_path).append(path));
    };
    const auto found = std::ranges::find_if(routes, matches);
    return found == routes.end() ? nullptr : &*found;
}

}  // namespace backstop::policy
