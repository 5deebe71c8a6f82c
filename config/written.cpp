#include "config/written.hpp"

#include "config/reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace backstop::config {
namespace {

template <typename Items, typename Print>
std::string joined(const Items& items, Print print) {
    std::string text;
    for (const auto& item : items)
        text += (text.empty() ? "" : ", ") + print(item);
    return text;
}

}  // namespace

std::string toml_literal(std::string_view text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("${")) escaped += '$';
        escaped += text[i];
    }
    return toml_text(escaped);
}

void collect_written(const Node& table, const std::string& prefix, Written& written) {
    for (const Node& value : table.members) {
        const std::string path = member_path(prefix, value.key);
        const bool descend = value.kind == Node::Kind::table && value.key != "fallback";
        if (descend)
            collect_written(value, path, written);
        else if (holds_reference(value))
            written[path] = toml_value(value);
    }
}

std::string route_prefix(std::string_view match) {
    std::string result = "route ";
    while (!match.empty()) {
        const std::size_t open = std::min(match.find('{'), match.size());
        result += match.substr(0, open);
        match.remove_prefix(open);
        const std::size_t close = std::min(match.find('}'), match.size());
        if (!match.empty()) result += match.substr(0, close).ends_with("...") ? "**" : "{}";
        match.remove_prefix(std::min(close + 1, match.size()));
    }
    return result;
}

std::string path_of(const Config& config, std::size_t upstream) {
    const Upstream& named = config.upstreams[upstream];
    if (named.written.contains("name")) return "upstream[" + std::to_string(upstream) + "]";
    return "upstream." + named.name;
}

std::string shown(const Upstream& upstream, const std::string& key, const std::string& value) {
    const auto written = upstream.written.find(key);
    return written == upstream.written.end() ? value : written->second;
}

std::string toml_text(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (c == '\n') {
            result += "\\n";
        } else if (c == '\t') {
            result += "\\t";
        } else if (byte < 0x20 || byte == 0x7F) {
            constexpr std::string_view digits = "0123456789ABCDEF";
            result += "\\u00";
            result += digits[byte >> 4U];
            result += digits[byte & 0x0FU];
        } else {
            result += c;
        }
    }
    return result + "\"";
}

std::string toml_value(const Node& node) {
    switch (node.kind) {
        case Node::Kind::boolean:
            return node.boolean ? "true" : "false";
        case Node::Kind::integer:
            return std::to_string(node.integer);
        case Node::Kind::real: {
            std::array<char, 32> digits{};
            const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), node.real);
            return {digits.data(), end.ptr};
        }
        case Node::Kind::text:
            return node.written.empty() ? toml_literal(node.text) : toml_text(node.written);
        case Node::Kind::array:
            return "[" + joined(node.items, toml_value) + "]";
        case Node::Kind::table:
            return "{" +
                   joined(
                       node.members,
                       [](const Node& member) { return member.key + " = " + toml_value(member); }
                   ) +
                   "}";
        case Node::Kind::date:
            break;  // no key takes one, so that none is ever printed
    }
    return "\"\"";
}

}  // namespace backstop::config
