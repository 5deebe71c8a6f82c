// One description of each section serves both ways: a Reader fills the values in from TOML, a
// Writer prints them as TOML. So a key cannot be read and forgotten when printing.
#pragma once

#include "policy/time.hpp"

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace backstop::config {

class Fields {
public:
    using Content = std::function<void(Fields&)>;

    virtual ~Fields() = default;

    // Bounds are inclusive. A value keeps its default where the key is absent or wrong.
    virtual void flag(std::string_view key, bool& value) = 0;
    virtual void count(std::string_view key, int& value, int min, int max) = 0;
    virtual void number(std::string_view key, double& value, double min, double max) = 0;
    virtual void duration(
        std::string_view key, policy::Duration& value, policy::Duration min, policy::Duration max
    ) = 0;
    virtual void size(
        std::string_view key, std::size_t& value, std::size_t min, std::size_t max
    ) = 0;
    // One line without control characters; may be empty.
    virtual void text(std::string_view key, std::string& value) = 0;
    virtual void table(std::string_view key, const Content& content) = 0;

    // One of `words`, which stand in the order of the enumerators.
    template <typename Enum>
    void choice(std::string_view key, Enum& value, std::initializer_list<std::string_view> words) {
        auto index = static_cast<std::size_t>(value);
        choose(key, index, {words.begin(), words.size()});
        value = static_cast<Enum>(index);
    }

protected:
    Fields() = default;
    Fields(const Fields&) = default;
    Fields(Fields&&) = default;
    Fields& operator=(const Fields&) = default;
    Fields& operator=(Fields&&) = default;

    virtual void choose(
        std::string_view key, std::size_t& index, std::span<const std::string_view> words
    ) = 0;
};

}  // namespace backstop::config
