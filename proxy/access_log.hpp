// One JSON line per exchange (text on a terminal), made from its Report and nothing else. A Report
// has no path, query, body, field or key, so none can reach a line; what an upstream can put into
// one, its error code and request id, is cut and cleaned.
#pragma once

#include "config/config.hpp"
#include "proxy/report.hpp"

#include <string>
#include <string_view>

namespace backstop::proxy {

class LineWriter;

class AccessLog {
public:
    // `terminal`: what `writer` writes to is one.
    AccessLog(LineWriter& writer, const config::Log& options, bool terminal);

    void exchange(std::string_view upstream, const Report& report);
    void reconfigure(const config::Log& options);

private:
    bool wanted(const Report& report) const;

    LineWriter& writer_;
    config::AccessLog which_ = config::AccessLog::all;
    bool terminal_;
    bool text_ = false;
    std::string line_{};  // reused
};

// Is this a line for the setting "errors"? Whatever did not simply work at the first attempt.
bool is_error(const Report& report);

}  // namespace backstop::proxy
