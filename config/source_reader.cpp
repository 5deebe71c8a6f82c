#include "config/source_reader.hpp"

#include "config/names.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace backstop::config {
namespace {

constexpr int lowest_status = 100;
constexpr int highest_status = 599;

// Nothing, or what is wrong with it.
std::string parse_source(std::string_view text, policy::Source& source) {
    if (text.starts_with('/')) {
        source = {policy::Source::Place::json, std::string(text)};
        return is_json_pointer(text) ? ""
                                     : "a '~' in a JSON Pointer is written '~0', a '/' is '~1'";
    }
    const std::size_t semicolon = text.find(';');
    source = {policy::Source::Place::header, std::string(text.substr(0, semicolon))};
    if (semicolon != std::string_view::npos) source.parameter = text.substr(semicolon + 1);
    const bool sound = is_token(source.name) &&
                       (semicolon == std::string_view::npos || is_token(source.parameter));
    return sound ? ""
                 : "expected a JSON Pointer into the body, such as \"/error/code\", a header, such "
                   "as "
                   "\"Retry-After\", or a parameter of one, such as \"RateLimit;r\"";
}

void read_status(
    Reader& reader, std::string_view key, const Node& node, policy::StatusSet& statuses
) {
    const bool status = node.kind == Node::Kind::integer && node.integer >= lowest_status &&
                        node.integer <= highest_status;
    if (status) {
        statuses.insert(static_cast<int>(node.integer));
        return;
    }
    const bool whole_class = node.kind == Node::Kind::text && node.text.size() == 3 &&
                             node.text.ends_with("xx") && node.text[0] >= '1' &&
                             node.text[0] <= '5';
    if (!whole_class)
        return reader.error_at(
            node,
            key,
            "expected a status from 100 to 599, or a class such as \"5xx\", found " +
                describe_found(node)
        );
    const int first = (node.text[0] - '0') * 100;
    for (int value = first; value < first + 100; ++value)
        statuses.insert(value);
}

}  // namespace

bool is_json_pointer(std::string_view text) {
    if (!text.starts_with('/')) return false;
    for (std::size_t i = text.find('~'); i != std::string_view::npos; i = text.find('~', i + 1))
        if (i + 1 >= text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
    return true;
}

void read_sources(Reader& reader, std::string_view key, std::vector<policy::Source>& sources) {
    std::vector<std::string> texts;
    reader.texts(key, texts);
    for (const std::string& text : texts) {
        policy::Source source;
        if (const std::string problem = parse_source(text, source); !problem.empty())
            reader.error(key, std::string("'").append(text).append("': ").append(problem));
        else
            sources.push_back(std::move(source));
    }
}

policy::DelaySource read_delay(Reader& reader, bool with_status) {
    policy::DelaySource delay;
    std::vector<policy::Source> sources;
    const std::optional<std::string> from = reader.required_text(
        "from", R"(where the delay stands, such as "Retry-After" or "/error/retry_after")"
    );
    if (from) read_sources(reader, "from", sources);
    if (!sources.empty()) delay.source = sources.front();
    if (!reader.has("as"))
        reader.error("", "the key 'as' is missing: how it is written, such as \"seconds\"");
    reader.choice(
        "as",
        delay.format,
        {"seconds",
         "milliseconds",
         "seconds_or_date",
         "http_date",
         "iso8601",
         "epoch_seconds",
         "epoch_milliseconds",
         "duration",
         "automatic"}
    );
    if (with_status) read_statuses(reader, "status", delay.statuses);
    reader.done();
    return delay;
}

void read_statuses(Reader& reader, std::string_view key, policy::StatusSet& statuses) {
    const Node* const node = reader.find(key);
    if (!node) return;
    if (node->kind != Node::Kind::array) return read_status(reader, key, *node, statuses);
    for (const Node& item : node->items)
        read_status(reader, key, item, statuses);
}

}  // namespace backstop::config
