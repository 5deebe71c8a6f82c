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
    for (const auto& [key, value] : source)
        node.members.push_back({std::string(key.str()), position(key.source()), import(value)});
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

bool is_plain(std::string_view name) {
    constexpr std::size_t longest = 64;
    return !name.empty() && name.size() <= longest &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

}  // namespace

const Member* Node::find(std::string_view key) const {
    const auto found = std::find_if(members.begin(), members.end(), [&](const Member& member) {
        return member.key == key;
    });
    return found == members.end() ? nullptr : &*found;
}

Document parse_document(std::string_view text, std::string_view name) {
    Document document;
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
    const Member* const name = item.find("name");
    if (name && name->value.written.empty() && is_plain(name->value.text))
        return path + "." + name->value.text;
    return path + "[" + std::to_string(index) + "]";
}

}  // namespace backstop::config
