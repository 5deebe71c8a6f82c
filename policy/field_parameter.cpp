#include "policy/field_parameter.hpp"

#include "policy/number.hpp"

namespace backstop::policy {
namespace {

// Takes what stands before the next `separator` outside quotes off the front.
std::string_view take_until(std::string_view& rest, char separator) {
    bool quoted = false;
    std::size_t i = 0;
    for (; i < rest.size(); ++i) {
        if (quoted && rest[i] == '\\') {
            ++i;
            continue;
        }
        if (rest[i] == '"') quoted = !quoted;
        if (rest[i] == separator && !quoted) break;
    }
    const std::string_view taken = trimmed(rest.substr(0, i));
    rest.remove_prefix(i < rest.size() ? i + 1 : rest.size());
    return taken;
}

std::string_view unquoted(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
    return text.substr(1, text.size() - 2);
}

// The value of "name=value", if that is its name.
std::optional<std::string_view> value_of(std::string_view part, std::string_view name) {
    if (!part.starts_with(name) || part.substr(name.size(), 1) != "=") return std::nullopt;
    return unquoted(trimmed(part.substr(name.size() + 1)));
}

struct Member {
    std::string_view item;
    std::string_view parameters;
};

Member take_member(std::string_view& rest) {
    std::string_view member = take_until(rest, ',');
    const std::string_view item = take_until(member, ';');
    return {item, member};
}

std::optional<std::string_view> parameter_of(Member member, std::string_view name) {
    while (!member.parameters.empty()) {
        const auto value = value_of(take_until(member.parameters, ';'), name);
        if (value) return value;
    }
    return std::nullopt;
}

}  // namespace

std::string_view tightest_window(std::string_view field) {
    std::string_view tightest;
    std::optional<double> least;
    while (!field.empty()) {
        const Member member = take_member(field);
        const auto text = parameter_of(member, "r");
        const auto remaining = text ? decimal(*text) : std::nullopt;
        if (!remaining || (least && *least <= *remaining)) continue;
        least = remaining;
        tightest = unquoted(member.item);
    }
    return tightest;
}

std::optional<std::string_view> find_parameter(
    std::string_view field, std::string_view parameter, std::string_view window
) {
    std::optional<std::string_view> first;
    while (!field.empty()) {
        const Member member = take_member(field);
        if (const auto value = value_of(member.item, parameter)) return value;
        const auto value = parameter_of(member, parameter);
        if (!value) continue;
        if (!window.empty() && unquoted(member.item) == window) return value;
        if (!first) first = value;
    }
    return first;
}

}  // namespace backstop::policy
