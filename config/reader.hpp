// Reads one TOML table key by key. Every mistake becomes a diagnostic with its place, what was
// expected and what was found; a key that nobody asked for is unknown, and is reported with the
// nearest one that somebody did ask for.
#pragma once

#include "config/document.hpp"
#include "config/fields.hpp"
#include "config/report.hpp"
#include "policy/time.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace backstop::config {

class Reader final : public Fields {
public:
    // `table` may be null: then no key is there. It and the report outlive the Reader.
    Reader(const Node* table, std::string path, Position at, Report& report)
        : table_(table), path_(std::move(path)), at_(at), report_(&report) {}

    void flag(std::string_view key, bool& value) override;
    void count(std::string_view key, int& value, int min, int max) override;
    void number(std::string_view key, double& value, double min, double max) override;
    void duration(
        std::string_view key, policy::Duration& value, policy::Duration min, policy::Duration max
    ) override;
    void size(std::string_view key, std::size_t& value, std::size_t min, std::size_t max) override;
    void text(std::string_view key, std::string& value) override;
    void table(std::string_view key, const Content& content) override;

    // A text that may hold anything, such as a JSON document.
    void long_text(std::string_view key, std::string& value);
    // One text, or an array of texts.
    void texts(std::string_view key, std::vector<std::string>& values);
    std::optional<std::string> required_text(std::string_view key, std::string_view what);

    // A value that stays unset where the key is absent.
    template <typename Value, typename... Bounds>
    void optional(
        void (Reader::*read)(std::string_view, Value&, Bounds...),
        std::string_view key,
        std::optional<Value>& value,
        std::type_identity_t<Bounds>... bounds
    ) {
        Value read_value = value.value_or(Value{});
        (this->*read)(key, read_value, bounds...);
        if (has(key)) value = read_value;
    }

    // A sub-table (empty if it is absent), and the tables of [[key]]. A single inline table counts
    // as an array of one where `or_single` says so.
    Reader subtable(std::string_view key);
    std::vector<Reader> tables(std::string_view key, bool or_single = false);

    // The value of a key, or null; counts as asked for.
    const Node* find(std::string_view key);
    // To be called last: whatever has not been asked for is an unknown key.
    void done();

    void error(std::string_view key, std::string message);    // about the key's value
    void warning(std::string_view key, std::string message);  // or the table, if it is absent
    void error_at(const Node& node, std::string_view key, std::string message);
    // `details` quote the value; if that may not be shown, they are left out.
    void error_quoting(std::string_view key, const std::string& message, std::string_view details);

    bool has(std::string_view key) const { return member_or_null(key) != nullptr; }
    // False if an error tells of the key already. Its value is then one that nobody has written,
    // and is not to be compared with others.
    bool sound(std::string_view key) const { return !report_->failed(member_path(path_, key)); }
    bool exists() const { return table_ != nullptr; }
    const std::string& path() const { return path_; }
    Position at() const { return at_; }
    Position at(std::string_view key) const;
    // What a diagnostic calls the value of a key that it would otherwise call `value`: what came
    // from ${} is shown as it was written.
    std::string shown(std::string_view key, const std::string& value) const;
    Report& report() const { return *report_; }
    const Node* node() const { return table_; }
    std::vector<std::string_view> keys() const;  // those in the file, sorted

protected:
    void choose(std::string_view key, std::size_t& index, std::span<const std::string_view> words)
        override;

private:
    const Node* member_or_null(std::string_view key) const;
    void wrong(const Node& node, std::string_view key, const std::string& expected);

    const Node* table_;
    std::string path_;
    Position at_;
    Report* report_;
    std::set<std::string, std::less<>> asked_{};
};

// A value as a diagnostic shows it: short, one line, and never what came from ${}.
std::string describe_found(const Node& node);
// Did any part of it come from ${}? Then no diagnostic may say what it is.
bool holds_reference(const Node& node);
// "a", "a or b", "a, b or c"; with `last` as the last joint.
std::string enumerate(
    std::span<const std::string_view> words, std::string_view last, bool in_quotes = false
);
// "; did you mean 'x'?", or nothing.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace backstop::config
