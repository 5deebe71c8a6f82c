#include "proxy/access_log.hpp"

#include "proxy/access_line.hpp"
#include "proxy/line_writer.hpp"

namespace backstop::proxy {

AccessLog::AccessLog(LineWriter& writer, const config::Log& options, bool terminal)
    : writer_(writer), terminal_(terminal) {
    reconfigure(options);
}

void AccessLog::reconfigure(const config::Log& options) {
    which_ = options.access;
    text_ = options.format == config::LogFormat::text ||
            (options.format == config::LogFormat::automatic && terminal_);
}

void AccessLog::exchange(std::string_view upstream, const Report& report) {
    if (!wanted(report)) return;
    line_.clear();
    if (text_) {
        append_access_text(line_, upstream, report);
    } else {
        append_access_json(line_, upstream, report);
    }
    writer_.write(line_);
}

bool AccessLog::wanted(const Report& report) const {
    switch (which_) {
        case config::AccessLog::all:
            return true;
        case config::AccessLog::errors:
            return is_error(report);
        case config::AccessLog::off:
            return false;
    }
    return false;
}

bool is_error(const Report& report) {
    const bool served = report.outcome == Outcome::ok || report.outcome == Outcome::replayed;
    const bool at_once = report.record == nullptr || report.record->counted_attempts() <= 1;
    return !served || !at_once;
}

}  // namespace backstop::proxy
