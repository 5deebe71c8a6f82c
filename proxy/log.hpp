// The log of the process: one line per fact, for people who operate it. JSON lines, or text on a
// terminal. Never say anything of a request here: that is the access log's business, which is built
// so that nothing private can reach it.
//
//   log::info("listening", {{"address", "127.0.0.1:8080"}, {"upstream", "sticky-calls"}});
//   {"ts":"2026-02-08T12:01:00.123Z","level":"info","msg":"listening","address":"127.0.0.1:8080",…}
#pragma once

#include "config/config.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace backstop::proxy {

class LineWriter;

namespace log {

// A fact with a name. Views are good for the duration of the call only.
class Field {
public:
    Field(std::string_view name, std::string_view text) : name_(name), value_(text) {}
    Field(std::string_view name, const char* text) : name_(name), value_(std::string_view(text)) {}
    Field(std::string_view name, const std::string& text)
        : name_(name), value_(std::string_view(text)) {}
    Field(std::string_view name, bool yes) : name_(name), value_(yes) {}
    Field(std::string_view name, double number) : name_(name), value_(number) {}
    template <std::integral Number>
    Field(std::string_view name, Number number)
        : name_(name), value_(static_cast<std::int64_t>(number)) {}

    std::string_view name() const { return name_; }
    using Value = std::variant<std::string_view, bool, double, std::int64_t>;
    const Value& value() const { return value_; }

private:
    std::string_view name_;
    Value value_;
};
using Fields = std::initializer_list<Field>;

// Until start(), and after stop(), lines go to standard error, so that nothing is lost silently.
// `writer` stays alive until stop(), and announces dropped lines in the same form. `terminal`: what
// it writes to is one (format "auto"). Starting again changes format and level (a reload).
void start(LineWriter& writer, const config::Log& options, bool terminal);
void set_level(config::LogLevel level);
void stop();

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
// Flushes, so that the line is there whatever comes next.
void error(std::string_view message, Fields fields = {});

}  // namespace log

}  // namespace backstop::proxy
