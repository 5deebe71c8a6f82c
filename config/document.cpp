#include "config/document.hpp"

#include <toml++/toml.h>

#include <algorithm>

namespace backstop::config {
namespace {

Position position(const toml::source_region& region) {
    return {region.begin.line, region.begin.column};
}

Node import(const toml::node& source);

Node import_table(const toml::table& source) {
    Node node{.kind = Node::Kind::table, .at = position(source.source())};
    for (const auto& [key, value] : source) {
        Node& member = node.members.emplace_back(import(value));
        member.key = key.str();
        member.key_at = position(key.source());
    }
    return node;
}

Node import_array(const toml::array& source) {
    Node node{.kind = Node::Kind::array, .at = position(source.source())};
    for (const toml::node& item : source)
        node.items.push_back(import(item));
    return node;
}

Node import(const toml::node& source) {
    if (const auto* table = source.as_table()) return import_table(*table);
    if (const auto* array = source.as_array()) return import_array(*array);
    Node node{.kind = Node::Kind::date, .at = position(source.source())};
    if (const auto* text = source.as_string()) {
        node.kind = Node::Kind::text;
        node.text = text->get();
    } else if (const auto* integer = source.as_integer()) {
        node.kind = Node::Kind::integer;
        node.integer = integer->get();
    } else if (const auto* real = source.as_floating_point()) {
        node.kind = Node::Kind::real;
        node.real = real->get();
    } else if (const auto* boolean = source.as_boolean()) {
        node.kind = Node::Kind::boolean;
        node.boolean = boolean->get();
    }
    return node;
}

// Dotted keys nest without bound, and whoever walks or frees what is nested that deeply runs out of
// stack. No line of a sensible file has so many dots outside of quotes.
constexpr std::size_t dots_per_line_max = 250;

std::size_t count_dots(std::string_view line) {
    std::size_t dots = 0;
    char quote = 0;
    for (const char c : line) {
        if (quote != 0)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '#')
            break;
        else if (c == '.')
            ++dots;
    }
    return dots;
}

// The first line that nests too deeply, from 1; or 0.
std::size_t too_deep(std::string_view text) {
    std::size_t number = 1;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (count_dots(text.substr(0, end)) > dots_per_line_max) return number;
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
    }
    return 0;
}

bool is_plain(std::string_view name) {
    constexpr std::size_t longest = 64;
    return !name.empty() && name.size() <= longest &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

}  // namespace

const Node* Node::find(std::string_view member_key) const {
    const auto found = std::find_if(members.begin(), members.end(), [&](const Node& member) {
        return member.key == member_key;
    });
    return found == members.end() ? nullptr : &*found;
}

Document parse_document(std::string_view text, std::string_view name) {
    Document document;
    if (const std::size_t line = too_deep(text); line > 0) {
        document.diagnostics.push_back(
            {.file = std::string(name),
             .line = line,
             .column = 1,
             .message = "the keys of this line are nested too deeply"}
        );
        return document;
    }
    try {
        document.root = import_table(toml::parse(text));
    } catch (const toml::parse_error& error) {
        const Position at = position(error.source());
        document.diagnostics.push_back(
            {.file = std::string(name),
             .line = at.line,
             .column = at.column,
             .message = "this is not TOML: " + std::string(error.description())}
        );
    }
    return document;
}

std::string member_path(const std::string& path, std::string_view key) {
    const std::string shown = is_plain(key) ? std::string(key) : "\"" + std::string(key) + "\"";
    return path.empty() ? shown : path + "." + shown;
}

std::string item_path(const std::string& path, std::size_t index, const Node& item) {
    const Node* const name = item.find("name");
    if (name != nullptr && name->written.empty() && is_plain(name->text))
        return path + "." + name->text;
    return path + "[" + std::to_string(index) + "]";
}

}  // namespace backstop::config
