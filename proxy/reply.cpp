#include "proxy/reply.hpp"

#include "proxy/headers.hpp"

#include <array>
#include <ctime>

namespace backstop::proxy {

// strftime knows the names in the C locale only, which is never changed here. It takes as long as
// much else of a request, and says the same for a second.
std::string_view http_date(policy::WallTime now) {
    thread_local std::time_t known = -1;
    thread_local std::array<char, 40> text{};
    thread_local std::size_t size = 0;
    const std::time_t seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(now)
    );
    if (seconds != known) {
        std::tm utc{};
        gmtime_r(&seconds, &utc);
        size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
        known = seconds;
    }
    return {text.data(), size};
}

std::string reply(
    const policy::LocalAnswer& answer, const ReplyFraming& framing, policy::WallTime now
) {
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    out.append(reason_phrase(answer.status)).append("\r\n");
    const auto field = [&out](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    field("Date", http_date(now));
    if (!answer.body.empty()) field("Content-Type", answer.content_type);
    for (const auto& [name, value] : answer.fields)
        field(name, value);
    if (framing.attempts) field("Backstop-Attempts", std::to_string(*framing.attempts));
    field("Content-Length", std::to_string(answer.body.size()));
    if (!framing.keep_alive) {
        field("Connection", "close");
    } else if (framing.client_version == 10) {
        field("Connection", "keep-alive");
    }
    out.append("\r\n");
    if (!framing.head_only) out.append(answer.body);
    return out;
}

}  // namespace backstop::proxy
