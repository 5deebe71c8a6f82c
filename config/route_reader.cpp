#include "config/route_reader.hpp"

#include "config/sections.hpp"
#include "config/source_reader.hpp"
#include "policy/verdict.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;

// The reasons that a fallback may serve (policy/verdict.hpp): failures of the upstream's, never an
// answer that the application has to act on, such as a 401.
constexpr std::array<std::string_view, 7> fallback_reasons{
    "unreachable",
    "timeout",
    "server_error",
    "rate_limited",
    "quota_exhausted",
    "circuit_open",
    "conflict_resolved",
};

enum class SegmentKind {
    literal,
    any_one,
    all_that_follow,
};

SegmentKind kind_of(std::string_view segment) {
    if (segment == "**" || segment.ends_with("...}")) return SegmentKind::all_that_follow;
    return segment.starts_with('{') ? SegmentKind::any_one : SegmentKind::literal;
}

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> result;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        result.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return result;
}

// Does `first` match everything that `second` matches, segment for segment?
bool path_covers(std::string_view first, std::string_view second) {
    const std::vector<std::string_view> left = segments(first);
    const std::vector<std::string_view> right = segments(second);
    for (std::size_t i = 0; i < left.size(); ++i) {
        const SegmentKind kind = kind_of(left[i]);
        if (kind == SegmentKind::all_that_follow) return i < right.size();
        if (i >= right.size()) return false;
        const SegmentKind other = kind_of(right[i]);
        if (other == SegmentKind::all_that_follow) return false;
        if (kind == SegmentKind::literal && (other != kind || left[i] != right[i])) return false;
        if (kind == SegmentKind::any_one && right[i].empty()) return false;
    }
    return left.size() == right.size();
}

bool is_method(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || c == '-';
    });
}

void read_reason(Reader& reader, const Node& node, std::vector<policy::Reason>& on) {
    const std::optional<policy::Reason> reason = policy::reason_from(node.text);
    const bool allowed = std::find(fallback_reasons.begin(), fallback_reasons.end(), node.text) !=
                         fallback_reasons.end();
    if (node.kind == Node::Kind::text && reason && allowed) return on.push_back(*reason);
    const std::string hint =
        holds_reference(node)
            ? std::string()
            : suggestion(node.text, {fallback_reasons.begin(), fallback_reasons.end()});
    reader.error_at(
        node,
        "on",
        "expected a reason that a fallback can serve, found " + describe_found(node) +
            (hint.empty() ? "; there is: " + enumerate(fallback_reasons, "and") : hint)
    );
}

void read_reasons(Reader& reader, std::vector<policy::Reason>& on) {
    const Node* const node = reader.find("on");
    if (!node)
        return reader.error(
            "",
            R"(the key 'on' is missing: the reasons it serves, such as ["unreachable", "timeout"])"
        );
    if (node->kind != Node::Kind::array) return read_reason(reader, *node, on);
    for (const Node& item : node->items)
        read_reason(reader, item, on);
}

policy::Fallback read_fallback(Reader& reader) {
    policy::Fallback fallback;
    read_reasons(reader, fallback.on);
    reader.count("status", fallback.status, 200, 599);
    reader.text("content_type", fallback.content_type);
    read_template(reader, "body", fallback.body);
    const bool must_be_empty =
        fallback.status == 204 || fallback.status == 205 || fallback.status == 304;
    if (must_be_empty && reader.has("body"))
        reader.error(
            "body", "an answer with status " + std::to_string(fallback.status) + " has no body"
        );
    if (!must_be_empty && !reader.has("body"))
        reader.error("", "the key 'body' is missing: a JSON document, such as '{\"ok\": false}'");
    reader.done();
    return fallback;
}

void read_fallbacks(Reader& reader, policy::RouteShape& shape) {
    if (!reader.has("fallback")) return;
    std::vector<policy::Fallback> fallbacks;
    for (Reader& inner : reader.tables("fallback", true))
        fallbacks.push_back(read_fallback(inner));
    shape.fallbacks = std::move(fallbacks);
}

}  // namespace

ParsedMatch parse_match(std::string_view text) {
    Match match;
    const std::size_t space = text.find(' ');
    std::string_view path = text;
    if (space != std::string_view::npos) {
        match.method = text.substr(0, space);
        path = text.substr(std::min(text.find_first_not_of(' ', space), text.size()));
    }
    const std::string example = "write it as \"POST /v1/calls/{id}\", or without a method for all";
    if (space != std::string_view::npos && !is_method(match.method))
        return {{}, "the method must be in capitals; " + example};
    if (!path.starts_with('/')) return {{}, "the path must begin with a slash; " + example};
    if (path.find_first_of(" ?#") != std::string_view::npos)
        return {{}, "a path template has no spaces and no query; " + example};
    try {
        match.path = policy::PathTemplate::parse(path);
    } catch (const std::invalid_argument& problem) {
        return {{}, problem.what()};
    }
    return {std::move(match), {}};
}

std::string to_string(const Match& match) {
    return match.method.empty() ? match.path.text() : match.method + " " + match.path.text();
}

bool same(const Match& left, const Match& right) {
    return left.method == right.method && path_covers(left.path.text(), right.path.text()) &&
           path_covers(right.path.text(), left.path.text());
}

bool covers(const Match& first, const Match& second) {
    return (first.method.empty() || first.method == second.method) &&
           path_covers(first.path.text(), second.path.text());
}

Match without_base_path(const Match& match, std::string_view base_path) {
    const std::string& text = match.path.text();
    const bool has_it = !base_path.empty() && text.size() > base_path.size() &&
                        text.starts_with(base_path) && text[base_path.size()] == '/';
    if (!has_it) return match;
    return {match.method, policy::PathTemplate::parse(text.substr(base_path.size()))};
}

std::optional<ReadRoute> read_route(Reader& reader) {
    ReadRoute route;
    const std::optional<std::string> text =
        reader.required_text("match", "which requests, such as \"POST /v1/calls/{id}\"");
    ParsedMatch parsed = text ? parse_match(*text) : ParsedMatch{};
    if (!parsed.problem.empty())
        reader.error_quoting("match", "cannot be understood", ": " + parsed.problem);
    policy::RouteShape& shape = route.shape;
    reader.optional(&Reader::flag, "keyed", shape.keyed);
    reader.text("natural_id", shape.natural_id);
    if (!shape.natural_id.empty() && !is_json_pointer(shape.natural_id))
        reader.error(
            "natural_id", "expected a JSON Pointer into the request body, such as \"/call_id\""
        );
    reader.optional(&Reader::duration, "deadline", shape.deadline, 1ms, longest_wait);
    reader.optional(&Reader::duration, "attempt", shape.attempt, 1ms, longest_wait);
    reader.optional(&Reader::count, "attempts", shape.attempts, 1, 10);
    reader.optional(&Reader::flag, "idempotent", shape.idempotent);
    reader.optional(&Reader::text, "scope", shape.scope);
    read_fallbacks(reader, shape);
    reader.done();
    if (!text || !parsed.problem.empty()) return std::nullopt;
    route.match = std::move(parsed.match);
    shape.match = to_string(route.match);
    return route;
}

void read_template(Reader& reader, std::string_view key, policy::JsonTemplate& value) {
    std::string text;
    reader.long_text(key, text);
    if (!reader.has(key) || (text.empty() && reader.find(key)->kind != Node::Kind::text)) return;
    try {
        value = policy::JsonTemplate::parse(text);
    } catch (const std::invalid_argument& problem) {
        reader.error_quoting(key, "is no JSON template", std::string(": ") + problem.what());
    }
}

}  // namespace backstop::config
