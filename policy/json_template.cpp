// A template is parsed twice: as JSON, which gives the tree, and each of its strings as text with
// placeholders. Rendering walks the tree and writes text; every string that comes from outside goes
// through the JSON library's serializer, so that nothing in a request can change the structure.
#include "policy/json_template.hpp"

#include "policy/json_view.hpp"
#include "policy/number.hpp"
#include "policy/placeholder.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace backstop::policy {

struct JsonTemplate::Node {
    struct Literal {
        std::string json;
    };
    struct Text {
        std::vector<TextPiece> pieces;
    };
    struct Array {
        std::vector<Node> elements;
    };
    struct Object {
        std::vector<std::pair<std::string, Node>> members;  // names as JSON
    };
    std::variant<Literal, Placeholder, Text, Array, Object> is;

    static Node of(const boost::json::value& value);
    static Node of(const boost::json::string& text);
    static Node of(const boost::json::array& array);
    static Node of(const boost::json::object& object);
};

// Each call writes one node; false, with nothing written, if it is to be dropped.
class JsonTemplate::Renderer {
public:
    explicit Renderer(PlaceholderValues& values) : values_(values) {}

    bool operator()(const Node& node) { return std::visit(*this, node.is); }
    bool operator()(const Node::Literal& literal);
    bool operator()(const Placeholder& placeholder);
    bool operator()(const Node::Text& text);
    bool operator()(const Node::Array& array);
    bool operator()(const Node::Object& object);

    std::string take() { return std::move(out_); }

private:
    PlaceholderValues& values_;
    std::string out_{};
};

namespace {

std::string quoted(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(text));
}

std::string encoded(const JsonScalar& scalar) {
    const auto* text = std::get_if<std::string>(&scalar);
    return text != nullptr ? quoted(*text) : to_text(scalar);
}

// The library writes 0.5 as 5E-1, which is right and yet not what anybody wrote.
std::string serialized(const boost::json::value& value) {
    return value.is_double() ? to_text(value.get_double()) : boost::json::serialize(value);
}

std::string joined(const std::vector<TextPiece>& pieces, PlaceholderValues& values) {
    std::string text;
    for (const TextPiece& piece : pieces) {
        if (const auto* plain = std::get_if<std::string>(&piece)) {
            text += *plain;
        } else if (const auto value = values.find(std::get<Placeholder>(piece))) {
            text += to_text(*value);
        }
    }
    return text;
}

std::string at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = offset - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

boost::json::value parse_json(std::string_view text) {
    boost::json::stream_parser parser;
    boost::json::error_code error;
    const std::size_t taken = parser.write_some(text.data(), text.size(), error);
    if (!error && taken < text.size())
        throw std::invalid_argument("text after the end of the JSON, at " + at(text, taken));
    if (!error) parser.finish(error);
    if (error)
        throw std::invalid_argument(
            "not valid JSON at " + at(text, taken) + ": " + error.message()
        );
    return parser.release();
}

}  // namespace

JsonTemplate::Node JsonTemplate::Node::of(const boost::json::value& value) {
    if (const auto* text = value.if_string()) return of(*text);
    if (const auto* array = value.if_array()) return of(*array);
    if (const auto* object = value.if_object()) return of(*object);
    return {Literal{serialized(value)}};
}

JsonTemplate::Node JsonTemplate::Node::of(const boost::json::string& text) {
    std::vector<TextPiece> pieces = parse_text(text);
    const bool single = pieces.size() == 1;
    if (pieces.empty() || (single && std::holds_alternative<std::string>(pieces.front())))
        return {Literal{quoted(text)}};
    if (single) return {std::get<Placeholder>(std::move(pieces.front()))};
    return {Text{std::move(pieces)}};
}

JsonTemplate::Node JsonTemplate::Node::of(const boost::json::array& array) {
    Array out;
    for (const auto& element : array)
        out.elements.push_back(of(element));
    return {std::move(out)};
}

JsonTemplate::Node JsonTemplate::Node::of(const boost::json::object& object) {
    Object out;
    for (const auto& member : object) {
        const std::string_view name = member.key();
        if (name.find("{{") != std::string_view::npos)
            throw PlaceholderError(
                "a placeholder cannot stand in the name of a member: '" + std::string(name) + "'",
                name
            );
        out.members.emplace_back(quoted(name), of(member.value()));
    }
    return {std::move(out)};
}

bool JsonTemplate::Renderer::operator()(const Node::Literal& literal) {
    out_ += literal.json;
    return true;
}

bool JsonTemplate::Renderer::operator()(const Placeholder& placeholder) {
    const auto value = values_.find(placeholder);
    if (!value && placeholder.optional) return false;
    out_ += value ? encoded(*value) : "null";
    return true;
}

bool JsonTemplate::Renderer::operator()(const Node::Text& text) {
    out_ += quoted(joined(text.pieces, values_));
    return true;
}

bool JsonTemplate::Renderer::operator()(const Node::Array& array) {
    out_ += '[';
    for (const Node& element : array.elements)
        if ((*this)(element)) out_ += ',';
    if (out_.back() == ',') out_.pop_back();
    out_ += ']';
    return true;
}

bool JsonTemplate::Renderer::operator()(const Node::Object& object) {
    out_ += '{';
    for (const auto& [name, member] : object.members) {
        const std::size_t start = out_.size();
        out_.append(name).append(":");
        if ((*this)(member))
            out_ += ',';
        else
            out_.resize(start);
    }
    if (out_.back() == ',') out_.pop_back();
    out_ += '}';
    return true;
}

JsonTemplate JsonTemplate::parse(std::string_view text) {
    JsonTemplate result;
    result.text_ = text;
    const boost::json::value json = parse_json(text);
    try {
        result.node_ = std::make_shared<const Node>(Node::of(json));
    } catch (const PlaceholderError& error) {
        // The tree does not know where its strings stood; the text they were written with does.
        const auto offset = text.find(error.where());
        if (offset == std::string_view::npos) throw;
        throw std::invalid_argument(at(text, offset) + ": " + error.what());
    }
    return result;
}

std::string JsonTemplate::render(const TemplateValues& values) const {
    if (!node_) return {};
    PlaceholderValues found(values);
    Renderer renderer(found);
    return renderer(*node_) ? renderer.take() : "null";
}

std::string render_text(std::string_view text, const TemplateValues& values) {
    PlaceholderValues found(values);
    std::string out;
    try {
        out = joined(parse_text(text), found);
    } catch (const PlaceholderError&) {
        return {};  // the loader of the config has told
    }
    std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
    return out;
}

}  // namespace backstop::policy
