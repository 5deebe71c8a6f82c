// A TOML file as a tree of plain values, each with its place in the text. The parser's own types
// stay in document.cpp, so that everything else of this room compiles without them.
#pragma once

#include "config/diagnostic.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

// From 1, counted in characters; 0: the file as a whole.
struct Position {
    std::size_t line = 0;
    std::size_t column = 0;
};

struct Node {
    enum class Kind {
        boolean,
        integer,
        real,
        text,
        date,  // a TOML date or time; no key of ours takes one
        array,
        table,
    };
    Kind kind = Kind::table;
    bool boolean = false;
    std::int64_t integer = 0;
    double real = 0;
    std::string text{};
    // A text in which ${} was replaced: how it stands in the file. Printed instead of the value,
    // which may be a secret. Empty for all other texts.
    std::string written{};
    // One of its references could not be replaced, which is an error already: what else is wrong
    // with the value is not worth saying.
    bool broken = false;
    std::vector<Node> items{};    // of an array
    std::vector<Node> members{};  // of a table, in no particular order
    Position at{};
    std::string key{};  // of a member of a table
    Position key_at{};

    const Node* find(std::string_view member_key) const;
};

struct Document {
    std::optional<Node> root{};             // nothing if it is not TOML
    std::vector<Diagnostic> diagnostics{};  // what is wrong with its syntax
};

// `name` is what diagnostics call the file. Never throws for what the text says.
Document parse_document(std::string_view text, std::string_view name);

// How diagnostics name a place: members by ".key", an item of an array by its `name` where it has
// a plain one ("upstream.acme"), else by its index from 0 ("route[2]").
std::string member_path(const std::string& path, std::string_view key);
std::string item_path(const std::string& path, std::size_t index, const Node& item);

}  // namespace backstop::config
