#include "proxy/message.hpp"

namespace backstop::proxy {

void Message::clear() {
    text_.clear();
    lines_.clear();
    fields_.clear();
    first = second = {};
    version = 11;
    status = 0;
    folded = chunked = websocket = false;
    trailers.clear();
    content_length.reset();
    keep_alive = true;
}

Message::Range Message::keep(std::string_view text) {
    const Range range{
        static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
    text_.append(text);
    return range;
}

void Message::add(FieldId id, std::string_view name, std::string_view value) {
    Line& line = lines_.emplace_back();
    line.id = id;
    line.name = keep(name);
    line.value = keep(value);
}

void Message::seal() {
    fields_.clear();
    fields_.reserve(lines_.size());
    for (const Line& line : lines_)
        fields_.push_back({text(line.name), text(line.value)});
}

std::optional<std::string_view> Message::find(FieldId id, std::size_t* count) const {
    std::optional<std::string_view> found;
    std::size_t seen = 0;
    for (const Line& line : lines_) {
        if (line.id != id) continue;
        if (seen++ == 0) found = text(line.value);
    }
    if (count != nullptr) *count = seen;
    return found;
}

}  // namespace backstop::proxy
