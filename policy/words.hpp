// Enums and their words, both ways. A table is an array of pairs, one for each value.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace backstop::policy {

template <typename Enum>
using Word = std::pair<Enum, std::string_view>;

// Empty if the table does not have the value, which the tests of each table rule out.
template <typename Enum, std::size_t size>
constexpr std::string_view word_in(const std::array<Word<Enum>, size>& table, Enum value) {
    const auto found = std::ranges::find(table, value, &Word<Enum>::first);
    return found == table.end() ? std::string_view{} : found->second;
}

template <typename Enum, std::size_t size>
constexpr std::optional<Enum> value_in(
    const std::array<Word<Enum>, size>& table, std::string_view word
) {
    const auto found = std::ranges::find(table, word, &Word<Enum>::second);
    if (found == table.end()) return std::nullopt;
    return found->first;
}

}  // namespace backstop::policy
