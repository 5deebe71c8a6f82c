#include "tests/proxy/exposition.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace backstop::test {
namespace {

[[noreturn]] void cannot_read(const std::string& line) {
    throw std::runtime_error("cannot read: " + line);
}

// `name="value",…` up to the closing brace; returns what follows it.
std::string_view read_labels(std::string_view text, const std::string& line, Labels& labels) {
    while (!text.starts_with('}')) {
        const std::size_t equals = text.find("=\"");
        if (equals == std::string_view::npos) cannot_read(line);
        const std::string name(text.substr(0, equals));
        text.remove_prefix(equals + 2);
        std::string value;
        for (; !text.starts_with('"'); text.remove_prefix(1)) {
            if (text.starts_with('\\')) text.remove_prefix(1);
            if (text.empty()) cannot_read(line);
            value += text.front();
        }
        text.remove_prefix(1);
        if (text.starts_with(',')) text.remove_prefix(1);
        if (!labels.emplace(name, value).second) cannot_read(line);
    }
    return text.substr(1);
}

Sample read_sample(const std::string& line) {
    Sample sample;
    std::string_view rest = line;
    const std::size_t end = rest.find_first_of("{ ");
    if (end == std::string_view::npos) cannot_read(line);
    sample.name = rest.substr(0, end);
    rest.remove_prefix(end);
    if (rest.starts_with('{')) rest = read_labels(rest.substr(1), line, sample.labels);
    if (!rest.starts_with(' ')) cannot_read(line);
    sample.value = std::stod(std::string(rest.substr(1)));
    return sample;
}

void read_comment(const std::string& line, Exposition& exposition) {
    std::istringstream words(line);
    std::string hash;
    std::string what;
    std::string family;
    std::string text;
    words >> hash >> what >> family;
    std::getline(words >> std::ws, text);
    auto& into = what == "HELP" ? exposition.help : exposition.type;
    if ((what != "HELP" && what != "TYPE") || !into.emplace(family, text).second) cannot_read(line);
}

}  // namespace

std::optional<double> Exposition::value(std::string_view name, const Labels& labels) const {
    for (const Sample& sample : samples) {
        if (sample.name == name && sample.labels == labels) return sample.value;
    }
    return std::nullopt;
}

std::size_t Exposition::count(std::string_view family) const {
    const auto found = type.find(std::string(family));
    const bool histogram = found != type.end() && found->second == "histogram";
    const std::string name = std::string(family) + (histogram ? "_count" : "");
    return static_cast<std::size_t>(std::ranges::count(samples, name, &Sample::name));
}

std::string family_of(const Exposition& exposition, std::string_view sample) {
    if (exposition.type.contains(std::string(sample))) return std::string(sample);
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
        if (!sample.ends_with(suffix)) continue;
        std::string family(sample.substr(0, sample.size() - suffix.size()));
        if (exposition.type.contains(family)) return family;
    }
    throw std::runtime_error("no family for " + std::string(sample));
}

Exposition parse_exposition(std::string_view text) {
    Exposition exposition;
    std::set<std::pair<std::string, Labels>> seen;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#')) {
            read_comment(line, exposition);
            continue;
        }
        Sample sample = read_sample(line);
        family_of(exposition, sample.name);
        if (!seen.emplace(sample.name, sample.labels).second)
            throw std::runtime_error("twice: " + line);
        exposition.samples.push_back(std::move(sample));
    }
    return exposition;
}

}  // namespace backstop::test
