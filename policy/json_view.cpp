#include "policy/json_view.hpp"

#include "policy/number.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <exception>
#include <utility>

namespace backstop::policy {

struct JsonView::Document {
    boost::json::value root;
};

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::optional<JsonScalar> scalar_of(const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::bool_:
            return value.get_bool();
        case boost::json::kind::int64:
            return value.get_int64();
        case boost::json::kind::uint64:
            return value.get_uint64();
        case boost::json::kind::double_:
            if (!std::isfinite(value.get_double())) return std::nullopt;
            return value.get_double();
        case boost::json::kind::string:
            return std::string(value.get_string());
        default:
            return std::nullopt;
    }
}

struct AsText {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(std::uint64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return to_text(value); }
    std::string operator()(const std::string& value) const { return value; }
};

struct AsNumber {
    std::optional<double> operator()(bool /*value*/) const { return std::nullopt; }
    std::optional<double> operator()(const std::string& value) const {
        return decimal(trimmed(value));
    }
    template <typename Number>
    std::optional<double> operator()(Number value) const {
        return static_cast<double>(value);
    }
};

// What is wrong with a text comes as codes; what is caught here is the lack of memory, and to find
// nothing is the right answer to that, too.
template <typename Function>
auto or_nothing(Function function) noexcept -> decltype(function()) {
    try {
        return function();
    } catch (const std::exception&) {
        return {};
    }
}

}  // namespace

std::string to_text(const JsonScalar& scalar) {
    return std::visit(AsText{}, scalar);
}

JsonView JsonView::parse(std::string_view text, std::size_t bytes_max) noexcept {
    JsonView view;
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (text.size() > bytes_max) return view;
    view.document_ = or_nothing([&]() -> std::shared_ptr<const Document> {
        boost::json::parse_options options;
        options.max_depth = depth_max;
        boost::json::error_code error;
        boost::json::value root = boost::json::parse(text, error, {}, options);
        if (error) return nullptr;
        return std::make_shared<const Document>(Document{std::move(root)});
    });
    return view;
}

std::optional<JsonScalar> JsonView::scalar(std::string_view pointer) const noexcept {
    if (!document_) return std::nullopt;
    return or_nothing([&]() -> std::optional<JsonScalar> {
        boost::json::error_code error;
        const boost::json::value* value = document_->root.find_pointer(pointer, error);
        if (error || value == nullptr) return std::nullopt;
        return scalar_of(*value);
    });
}

std::optional<std::string> JsonView::text(std::string_view pointer) const noexcept {
    const auto found = scalar(pointer);
    if (!found) return std::nullopt;
    return or_nothing([&] { return std::optional(to_text(*found)); });
}

std::optional<double> JsonView::number(std::string_view pointer) const noexcept {
    const auto found = scalar(pointer);
    if (!found) return std::nullopt;
    return or_nothing([&] { return std::visit(AsNumber{}, *found); });
}

bool is_json_pointer(std::string_view text) {
    if (!text.empty() && text.front() != '/') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '~') continue;
        const std::string_view next = text.substr(i + 1, 1);
        if (next != "0" && next != "1") return false;
    }
    return true;
}

}  // namespace backstop::policy
