#include "config/writer.hpp"

#include "config/document.hpp"
#include "config/units.hpp"
#include "config/written.hpp"

#include <array>
#include <charconv>

namespace backstop::config {

std::string toml_number(double value) {
    std::array<char, 512> digits{};
    const auto end = std::to_chars(
        digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed
    );
    std::string text(digits.data(), end.ptr);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
}

void Writer::line(std::string_view key, std::string_view value) {
    const auto known = written_.find(member_path(prefix_, key));
    out_ += key;
    out_ += " = ";
    out_ += known == written_.end() ? value : std::string_view(known->second);
    out_ += '\n';
}

void Writer::flag(std::string_view key, bool& value) {
    line(key, value ? "true" : "false");
}

void Writer::count(std::string_view key, int& value, int, int) {
    line(key, std::to_string(value));
}

void Writer::number(std::string_view key, double& value, double, double) {
    line(key, toml_number(value));
}

void Writer::duration(
    std::string_view key, policy::Duration& value, policy::Duration, policy::Duration
) {
    line(key, toml_text(print_duration(value)));
}

void Writer::size(std::string_view key, std::size_t& value, std::size_t, std::size_t) {
    line(key, toml_text(print_size(value)));
}

void Writer::text(std::string_view key, std::string& value) {
    line(key, toml_literal(value));
}

void Writer::table(std::string_view key, const Content& content) {
    const std::string name = member_path(table_, key);
    out_ += "\n[" + name + "]\n";
    Writer inner(out_, name, member_path(prefix_, key), written_);
    content(inner);
}

void Writer::choose(
    std::string_view key, std::size_t& index, std::span<const std::string_view> words
) {
    line(key, toml_text(words[index]));
}

}  // namespace backstop::config
