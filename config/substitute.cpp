#include "config/substitute.hpp"

#include <algorithm>

namespace backstop::config {
namespace {

bool is_variable_name(std::string_view name) {
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

// One reference, from its "${" to its "}".
void expand(std::string_view reference, const Environment& environment, Substituted& out) {
    constexpr std::string_view separator = ":-";
    const std::string_view inner = reference.substr(2, reference.size() - 3);
    const std::size_t split = inner.find(separator);
    const std::string name{inner.substr(0, split)};
    if (!is_variable_name(name)) {
        out.problems.push_back(
            {std::string(reference),
             "is not the name of an environment variable; write \"${NAME}\" or "
             "\"${NAME:-default}\", or \"$${\" for a \"${\" that is to stay"}
        );
        return;
    }
    if (split != std::string_view::npos && inner.find("${", split) != std::string_view::npos) {
        out.problems.push_back(
            {std::string(reference),
             "has a \"${\" in its default, which is plain text; set the variable, or write the "
             "text"}
        );
        return;
    }
    const std::optional<std::string> value = environment(name);
    if (split == std::string_view::npos) {
        if (value)
            out.text += *value;
        else
            out.problems.push_back(
                {std::string(reference),
                 "is not set in the environment; set it, or write a default: \"${" + name +
                     ":-…}\""}
            );
        return;
    }
    if (value && !value->empty())
        out.text += *value;
    else
        out.text += inner.substr(split + separator.size());
}

// Where `reference` stands within the value that begins at `start`. An escape may have hidden it;
// then the value's own place is near enough.
Position find_from(std::string_view source, Position start, const std::string& reference) {
    std::size_t offset = 0;
    for (std::size_t line = 1; line < start.line; ++line) {
        offset = source.find('\n', offset);
        if (offset == std::string_view::npos) return start;
        ++offset;
    }
    Position at{start.line, 1};
    const std::string_view rest = source.substr(offset);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const bool reached = at.line > start.line || at.column >= start.column;
        if (reached && rest.substr(i).starts_with(reference)) return at;
        const bool continues_character = (static_cast<unsigned char>(rest[i]) & 0xC0U) == 0x80U;
        if (rest[i] == '\n')
            at = {at.line + 1, 1};
        else if (!continues_character)
            ++at.column;
    }
    return start;
}

class Pass {
public:
    Pass(std::string_view source, const Environment& environment, Report& report)
        : source_(source), environment_(environment), report_(report) {}

    void visit(Node& node, const std::string& path) {
        for (Node& member : node.members)
            visit(member, member_path(path, member.key));
        for (std::size_t i = 0; i < node.items.size(); ++i)
            visit(node.items[i], item_path(path, i, node.items[i]));
        if (node.kind == Node::Kind::text) replace(node, path);
    }

private:
    void replace(Node& node, const std::string& path) {
        if (node.text.find("${") == std::string::npos) return;
        Substituted result = substitute(node.text, environment_);
        if (result.referred) node.written = node.text;
        node.text = std::move(result.text);
        node.broken = !result.problems.empty();
        for (const Substituted::Problem& problem : result.problems)
            report_.error(
                find_from(source_, node.at, problem.reference),
                path,
                problem.reference + " " + problem.message
            );
    }

    std::string_view source_;
    const Environment& environment_;
    Report& report_;
};

}  // namespace

Substituted substitute(std::string_view text, const Environment& environment) {
    Substituted out;
    while (!text.empty()) {
        const std::size_t dollar = text.find('$');
        out.text += text.substr(0, dollar);
        if (dollar == std::string_view::npos) break;
        text.remove_prefix(dollar);
        if (text.starts_with("$${")) {
            out.text += "${";
            text.remove_prefix(3);
        } else if (text.starts_with("${")) {
            const std::size_t end = text.find('}');
            if (end == std::string_view::npos) {
                out.problems.push_back({std::string(text.substr(0, 2)), "has no closing brace"});
                break;
            }
            expand(text.substr(0, end + 1), environment, out);
            out.referred = true;
            text.remove_prefix(end + 1);
        } else {
            out.text += '$';
            text.remove_prefix(1);
        }
    }
    return out;
}

void substitute_all(
    Node& root, std::string_view source, const Environment& environment, Report& report
) {
    Pass(source, environment, report).visit(root, "");
}

}  // namespace backstop::config
