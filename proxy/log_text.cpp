#include "proxy/log_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serializer.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace backstop::proxy {
namespace {

bool plain(char c) {
    return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

bool ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

bool is_json(std::string_view text) {
    boost::json::error_code ec;
    boost::json::parse(text, ec);
    return !ec;
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
    if (std::ranges::all_of(text, plain)) {
        out.append("\"").append(text).append("\"");
        return;
    }
    const std::size_t begin = out.size();
    boost::json::serializer serializer;
    serializer.reset(boost::json::string_view(text));
    std::array<char, 256> room{};
    while (!serializer.done())
        out.append(std::string_view(serializer.read(room.data(), room.size())));

    if (std::ranges::all_of(text, ascii) || is_json(std::string_view(out).substr(begin))) return;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin),
        out.end(),
        [](char c) { return !ascii(c); },
        '?'
    );
}

void append_time(std::string& out, policy::WallTime time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    const auto milliseconds = static_cast<unsigned>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time - second).count()
    );
    // The calendar is asked once a second, not once a line.
    static thread_local std::chrono::sys_seconds known{std::chrono::seconds(-1)};
    static thread_local std::string text;
    if (second != known || text.empty()) {
        text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.", fmt::gmtime(second));
        known = second;
    }
    const auto digit = [](unsigned number) { return static_cast<char>('0' + number % 10); };
    const std::array<char, 4> rest{
        digit(milliseconds / 100), digit(milliseconds / 10), digit(milliseconds), 'Z'};
    out += text;
    out.append(rest.data(), rest.size());
}

}  // namespace backstop::proxy
