// Prints values as TOML, in the order in which they are described.
#pragma once

#include "config/config.hpp"
#include "config/fields.hpp"

#include <string>
#include <string_view>

namespace backstop::config {

class Writer final : public Fields {
public:
    // Writes to `out`. What `written` knows of is printed as it was written there, found by its
    // path from `prefix` on. `table` is the name of the table that the keys belong to; its header
    // has been written already.
    Writer(std::string& out, std::string table, std::string prefix, const Written& written)
        : out_(out), table_(std::move(table)), prefix_(std::move(prefix)), written_(written) {}

    void flag(std::string_view key, bool& value) override;
    void count(std::string_view key, int& value, int min, int max) override;
    void number(std::string_view key, double& value, double min, double max) override;
    void duration(
        std::string_view key, policy::Duration& value, policy::Duration min, policy::Duration max
    ) override;
    void size(std::string_view key, std::size_t& value, std::size_t min, std::size_t max) override;
    void text(std::string_view key, std::string& value) override;
    void table(std::string_view key, const Content& content) override;

    // `key = value`, the value being TOML already.
    void line(std::string_view key, std::string_view value);

protected:
    void choose(std::string_view key, std::size_t& index, std::span<const std::string_view> words)
        override;

private:
    std::string& out_;
    std::string table_;
    std::string prefix_;
    const Written& written_;
};

// A number as TOML reads it back to the same value, with a point in it.
std::string toml_number(double value);

}  // namespace backstop::config
