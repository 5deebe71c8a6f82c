#include "config/reader.hpp"

#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace backstop::config {
namespace {

std::string print_number(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), end.ptr};
}

std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 40;
    std::string shown = "\"";
    std::size_t length = std::min(text.size(), longest);
    while (length < text.size() && length > 0 &&
           (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
        --length;
    for (const char c : text.substr(0, length)) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        shown += control ? ' ' : c;
    }
    return shown + (length < text.size() ? "…\"" : "\"");
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
}

bool is_broken(const Node& node) {
    return node.broken || std::any_of(node.items.begin(), node.items.end(), is_broken);
}

bool is_number(const Node& node) {
    return node.kind == Node::Kind::integer || node.kind == Node::Kind::real;
}

std::string found_number(const Node& node) {
    return node.kind == Node::Kind::integer ? std::to_string(node.integer)
                                            : print_number(node.real);
}

// TOML's own numbers; and texts that came from ${}, since the environment knows nothing else.
std::optional<double> number_of(const Node& node) {
    if (node.kind == Node::Kind::integer) return static_cast<double>(node.integer);
    if (node.kind == Node::Kind::real) return node.real;
    if (node.kind != Node::Kind::text || node.written.empty()) return std::nullopt;
    double number = 0;
    const char* const end = node.text.data() + node.text.size();
    const auto [rest, problem] = std::from_chars(node.text.data(), end, number);
    if (problem != std::errc{} || rest != end) return std::nullopt;
    return number;
}

}  // namespace

std::string describe_found(const Node& node) {
    switch (node.kind) {
        case Node::Kind::boolean:
            return node.boolean ? "true" : "false";
        case Node::Kind::integer:
        case Node::Kind::real:
            return found_number(node);
        case Node::Kind::text:
            return quoted(node.written.empty() ? node.text : node.written);
        case Node::Kind::date:
            return "a date";
        case Node::Kind::array:
            return "an array";
        case Node::Kind::table:
            return "a table";
    }
    return {};
}

bool holds_reference(const Node& node) {
    if (!node.written.empty()) return true;
    return std::any_of(node.items.begin(), node.items.end(), holds_reference) ||
           std::any_of(node.members.begin(), node.members.end(), holds_reference);
}

std::string enumerate(
    std::span<const std::string_view> words, std::string_view last, bool in_quotes
) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
        text += in_quotes ? quoted(words[i]) : std::string(words[i]);
    }
    return text;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
    const std::string_view found = nearest(word, candidates);
    return found.empty() ? std::string() : "; did you mean '" + std::string(found) + "'?";
}

const Node* Reader::member_or_null(std::string_view key) const {
    return table_ != nullptr ? table_->find(key) : nullptr;
}

const Node* Reader::find(std::string_view key) {
    asked_.emplace(key);
    if (!table_) return nullptr;
    return table_->find(key);
}

Position Reader::at(std::string_view key) const {
    const Node* const member = member_or_null(key);
    return member != nullptr ? member->at : at_;
}

std::vector<std::string_view> Reader::keys() const {
    std::vector<std::string_view> result;
    if (!table_) return result;
    for (const Node& member : table_->members)
        result.emplace_back(member.key);
    std::sort(result.begin(), result.end());
    return result;
}

void Reader::error(std::string_view key, std::string message) {
    if (const Node* const member = member_or_null(key); member != nullptr && is_broken(*member))
        return;
    report_->error(at(key), key.empty() ? path_ : member_path(path_, key), std::move(message));
}

void Reader::warning(std::string_view key, std::string message) {
    report_->warning(at(key), key.empty() ? path_ : member_path(path_, key), std::move(message));
}

void Reader::error_quoting(
    std::string_view key, const std::string& message, std::string_view details
) {
    const Node* const member = member_or_null(key);
    const bool hidden = member != nullptr && holds_reference(*member);
    error(key, message + (hidden ? " (not shown, since it holds ${})" : std::string(details)));
}

std::string Reader::shown(std::string_view key, const std::string& value) const {
    const Node* const member = member_or_null(key);
    return member != nullptr && holds_reference(*member) ? describe_found(*member) : value;
}

void Reader::error_at(const Node& node, std::string_view key, std::string message) {
    if (is_broken(node)) return;
    report_->error(node.at, member_path(path_, key), std::move(message));
}

void Reader::wrong(const Node& node, std::string_view key, const std::string& expected) {
    error_at(node, key, "expected " + expected + ", found " + describe_found(node));
}

void Reader::flag(std::string_view key, bool& value) {
    const Node* const node = find(key);
    if (!node) return;
    if (node->kind == Node::Kind::boolean)
        value = node->boolean;
    else if (!node->written.empty() && (node->text == "true" || node->text == "false"))
        value = node->text == "true";
    else
        wrong(*node, key, "true or false");
}

void Reader::count(std::string_view key, int& value, int min, int max) {
    const Node* const node = find(key);
    if (!node) return;
    const std::optional<double> number = number_of(*node);
    const bool whole = number && node->kind != Node::Kind::real && std::floor(*number) == *number;
    if (whole && *number >= min && *number <= max)
        value = static_cast<int>(*number);
    else
        wrong(
            *node, key, "a whole number from " + std::to_string(min) + " to " + std::to_string(max)
        );
}

void Reader::number(std::string_view key, double& value, double min, double max) {
    const Node* const node = find(key);
    if (!node) return;
    const std::optional<double> number = number_of(*node);
    if (number && *number >= min && *number <= max)
        value = *number;
    else
        wrong(*node, key, "a number from " + print_number(min) + " to " + print_number(max));
}

void Reader::duration(
    std::string_view key, policy::Duration& value, policy::Duration min, policy::Duration max
) {
    const Node* const node = find(key);
    if (!node) return;
    const std::string expected = R"(a duration such as "250ms" or "10s")";
    if (is_number(*node)) {
        const std::string number = found_number(*node);
        return error_at(
            *node,
            key,
            "expected " + expected + ", found " + number + "; write \"" + number + "s\" or \"" +
                number + "ms\""
        );
    }
    const std::optional<policy::Duration> parsed =
        node->kind == Node::Kind::text ? parse_duration(node->text) : std::nullopt;
    if (!parsed)
        wrong(*node, key, expected);
    else if (*parsed < min || *parsed > max)
        wrong(*node, key, "a duration from " + print_duration(min) + " to " + print_duration(max));
    else
        value = *parsed;
}

void Reader::size(std::string_view key, std::size_t& value, std::size_t min, std::size_t max) {
    const Node* const node = find(key);
    if (!node) return;
    const std::string expected = R"(a size such as "64KiB" or "1MiB")";
    if (is_number(*node)) {
        const std::string number = found_number(*node);
        const std::string advice = number == "0" ? "\"0\"" : "\"" + number + "B\" for bytes";
        return error_at(
            *node, key, "expected " + expected + ", found " + number + "; write " + advice
        );
    }
    const std::optional<std::size_t> parsed =
        node->kind == Node::Kind::text ? parse_size(node->text) : std::nullopt;
    if (!parsed)
        wrong(*node, key, expected);
    else if (*parsed < min || *parsed > max)
        wrong(*node, key, "a size from " + print_size(min) + " to " + print_size(max));
    else
        value = *parsed;
}

void Reader::text(std::string_view key, std::string& value) {
    const Node* const node = find(key);
    if (!node) return;
    if (node->kind != Node::Kind::text)
        wrong(*node, key, "a text in quotes");
    else if (has_control_character(node->text))
        wrong(*node, key, "a text of one line, without control characters");
    else
        value = node->text;
}

void Reader::long_text(std::string_view key, std::string& value) {
    const Node* const node = find(key);
    if (!node) return;
    if (node->kind == Node::Kind::text)
        value = node->text;
    else
        wrong(*node, key, "a text in quotes");
}

void Reader::texts(std::string_view key, std::vector<std::string>& values) {
    const Node* const node = find(key);
    if (!node) return;
    const std::span<const Node> items =
        node->kind == Node::Kind::array ? std::span<const Node>(node->items) : std::span(node, 1);
    std::vector<std::string> read;
    for (const Node& item : items) {
        if (item.kind != Node::Kind::text || has_control_character(item.text))
            return wrong(item, key, "a text in quotes, or an array of such");
        read.push_back(item.text);
    }
    values = std::move(read);
}

std::optional<std::string> Reader::required_text(std::string_view key, std::string_view what) {
    if (!find(key)) {
        error("", "the key '" + std::string(key) + "' is missing: " + std::string(what));
        return std::nullopt;
    }
    std::string value;
    const bool was_sound = table_->find(key)->kind == Node::Kind::text;
    text(key, value);
    if (!was_sound) return std::nullopt;
    if (value.empty()) {
        error(key, "must not be empty: " + std::string(what));
        return std::nullopt;
    }
    return value;
}

void Reader::choose(
    std::string_view key, std::size_t& index, std::span<const std::string_view> words
) {
    const Node* const node = find(key);
    if (!node) return;
    const auto found = std::find(words.begin(), words.end(), node->text);
    if (node->kind == Node::Kind::text && found != words.end()) {
        index = static_cast<std::size_t>(found - words.begin());
        return;
    }
    const bool may_be_shown = node->kind == Node::Kind::text && node->written.empty();
    const std::string hint =
        may_be_shown ? suggestion(node->text, {words.begin(), words.end()}) : std::string();
    error_at(
        *node,
        key,
        "expected " + enumerate(words, "or", true) + ", found " + describe_found(*node) + hint
    );
}

Reader Reader::subtable(std::string_view key) {
    const Node* const node = find(key);
    if (node && node->kind != Node::Kind::table) {
        wrong(*node, key, "a table");
        return {nullptr, member_path(path_, key), node->at, *report_};
    }
    return {node, member_path(path_, key), node ? node->at : at_, *report_};
}

std::vector<Reader> Reader::tables(std::string_view key, bool or_single) {
    std::vector<Reader> result;
    const Node* const node = find(key);
    if (!node) return result;
    const std::string path = member_path(path_, key);
    if (node->kind == Node::Kind::table && or_single) {
        result.emplace_back(node, path, node->at, *report_);
        return result;
    }
    if (node->kind != Node::Kind::array) {
        const std::string header = (path_.empty() ? "[[" : "[[….") + std::string(key) + "]]";
        if (or_single)
            wrong(*node, key, "a table or an array of tables");
        else if (node->kind == Node::Kind::table)
            error_at(*node, key, "there can be several: write two brackets, as in " + header);
        else
            wrong(*node, key, "tables, each under " + header);
        return result;
    }
    for (std::size_t i = 0; i < node->items.size(); ++i) {
        const Node& item = node->items[i];
        if (item.kind == Node::Kind::table)
            result.emplace_back(&item, item_path(path, i, item), item.at, *report_);
        else
            report_->error(
                item.at, item_path(path, i, item), "expected a table, found " + describe_found(item)
            );
    }
    return result;
}

void Reader::table(std::string_view key, const Content& content) {
    Reader inner = subtable(key);
    content(inner);
    inner.done();
}

void Reader::done() {
    if (!table_) return;
    const std::vector<std::string_view> known(asked_.begin(), asked_.end());
    for (const Node& member : table_->members) {
        if (asked_.contains(member.key)) continue;
        std::string hint = suggestion(member.key, known);
        if (hint.empty() && !known.empty()) hint = "; there is: " + enumerate(known, "and");
        report_->error(member.key_at, member_path(path_, member.key), "unknown key" + hint);
    }
}

}  // namespace backstop::config
