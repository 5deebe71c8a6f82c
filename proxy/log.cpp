#include "proxy/log.hpp"

#include "proxy/line_writer.hpp"
#include "proxy/log_text.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cmath>
#include <iterator>
#include <memory>
#include <type_traits>
#include <variant>

namespace backstop::proxy::log {
namespace {

// The words of the configuration, which are not all spdlog's.
std::string_view word(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::trace:
        case spdlog::level::debug:
            return "debug";
        case spdlog::level::info:
            return "info";
        case spdlog::level::warn:
            return "warn";
        default:
            return "error";
    }
}

spdlog::level::level_enum spdlog_level(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::debug:
            return spdlog::level::debug;
        case config::LogLevel::info:
            return spdlog::level::info;
        case config::LogLevel::warn:
            return spdlog::level::warn;
        case config::LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// Time and level around what write() has put together.
class Formatter final : public spdlog::formatter {
public:
    explicit Formatter(bool json) : json_(json) {}

    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        time_.clear();
        append_time(time_, message.time);
        const std::string_view payload(message.payload.data(), message.payload.size());
        const std::string_view level = word(message.level);
        if (json_) {
            fmt::format_to(
                std::back_inserter(out),
                R"({{"ts":"{}","level":"{}",{}}})"
                "\n",
                time_,
                level,
                payload
            );
        } else {
            fmt::format_to(std::back_inserter(out), "{} {:<5} {}\n", time_, level, payload);
        }
    }

    std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<Formatter>(json_);
    }

private:
    bool json_;
    std::string time_{};
};

class WriterSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit WriterSink(LineWriter& writer) : writer_(writer) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        writer_.write({line.data(), line.size()});
    }
    void flush_() override { writer_.flush(); }

    LineWriter& writer_;
};

std::string payload_of(bool json, std::string_view message, Fields fields);

// Said in place of lines that could not be written, so it does not go through the logger.
std::string dropped_line(bool json, std::uint64_t lines) {
    const std::string payload = payload_of(json, "log lines were dropped", {{"lines", lines}});
    spdlog::memory_buf_t line;
    Formatter(json).format({"backstop", spdlog::level::warn, payload}, line);
    return {line.data(), line.size()};
}

struct Log {
    std::unique_ptr<spdlog::logger> logger;
    bool json;
};

Log on_standard_error() {
    Log log{
        std::make_unique<spdlog::logger>(
            "backstop", std::make_shared<spdlog::sinks::stderr_sink_st>()
        ),
        false,
    };
    log.logger->set_formatter(std::make_unique<Formatter>(false));
    return log;
}

// The log of the process is one, like its standard output.
Log& current() {
    static Log log = on_standard_error();
    return log;
}

void append_value(std::string& out, const Field::Value& value, bool json) {
    const auto append = [&](const auto& each) {
        using Type = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<Type, std::string_view>) {
            const bool plain = !json && !each.empty() &&
                               each.find_first_of(" \"=\\\n\r\t") == std::string_view::npos;
            if (plain) {
                out.append(each);
            } else {
                append_json(out, each);
            }
        } else if (std::is_same_v<Type, double> && !std::isfinite(static_cast<double>(each))) {
            out += "null";  // JSON has no other word for it
        } else {
            fmt::format_to(std::back_inserter(out), "{}", each);
        }
    };
    std::visit(append, value);
}

std::string payload_of(bool json, std::string_view message, Fields fields) {
    std::string payload;
    if (json) {
        payload = "\"msg\":";
        append_json(payload, message);
    } else {
        payload = message;
    }
    for (const Field& field : fields) {
        if (json) {
            payload += ',';
            append_json(payload, field.name());
            payload += ':';
        } else {
            payload.append(" ").append(field.name()).append("=");
        }
        append_value(payload, field.value(), json);
    }
    return payload;
}

void write(spdlog::level::level_enum level, std::string_view message, Fields fields) {
    const Log& log = current();
    if (!log.logger->should_log(level)) return;
    log.logger->log(level, payload_of(log.json, message, fields));
}

}  // namespace

void start(LineWriter& writer, const config::Log& options, bool terminal) {
    const bool json = options.format == config::LogFormat::json ||
                      (options.format == config::LogFormat::automatic && !terminal);
    Log& log = current();
    log.logger = std::make_unique<spdlog::logger>("backstop", std::make_shared<WriterSink>(writer));
    log.logger->set_formatter(std::make_unique<Formatter>(json));
    log.logger->flush_on(spdlog::level::err);
    log.json = json;
    writer.announce_drops([json](std::uint64_t lines) { return dropped_line(json, lines); });
    set_level(options.level);
}

void set_level(config::LogLevel level) {
    current().logger->set_level(spdlog_level(level));
}

void stop() {
    current() = on_standard_error();
}

void debug(std::string_view message, Fields fields) {
    write(spdlog::level::debug, message, fields);
}

void info(std::string_view message, Fields fields) {
    write(spdlog::level::info, message, fields);
}

void warn(std::string_view message, Fields fields) {
    write(spdlog::level::warn, message, fields);
}

void error(std::string_view message, Fields fields) {
    write(spdlog::level::err, message, fields);
}

}  // namespace backstop::proxy::log
