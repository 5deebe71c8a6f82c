#include "proxy/admin_answer.hpp"

#include "proxy/log.hpp"
#include "proxy/status_page.hpp"

#include <exception>
#include <utility>

namespace backstop::proxy {
namespace {

AdminAnswer probe(bool good, std::string_view bad) {
    AdminAnswer answer;
    answer.status = good ? 200 : 503;
    answer.body = good ? "ok\n" : bad;
    return answer;
}

AdminAnswer answer_path(const AdminSource& source, std::string_view path) {
    AdminAnswer answer;
    if (path == "/livez") return probe(true, {});
    if (path == "/startupz") return probe(source.started(), "starting\n");
    if (path == "/readyz") return probe(source.ready(), "not ready\n");
    if (path == "/") {
        answer.content_type = "text/html; charset=utf-8";
        answer.content_security_policy = status_page_policy();
        answer.body = source.page();
    } else if (path == "/metrics") {
        answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
        answer.body = source.metrics();
    } else if (path == "/status") {
        answer.content_type = "application/json";
        answer.body = source.status();
    } else {
        answer.status = 404;
        answer.body =
            "not found; there is /livez /startupz /readyz /metrics /status and, for people, /\n";
    }
    return answer;
}

}  // namespace

AdminAnswer answer_admin(
    const AdminSource& source, std::string_view method, std::string_view target
) {
    AdminAnswer answer;
    if (method != "GET" && method != "HEAD") {
        answer.status = 405;
        answer.allow = "GET, HEAD";
        answer.body = "read only: GET and HEAD\n";
        return answer;
    }
    try {
        return answer_path(source, target.substr(0, target.find('?')));
    } catch (const std::exception& error) {
        log::error("the admin listener failed to answer", {{"error", error.what()}});
        answer.status = 500;
        answer.body = "internal error; the log has more\n";
        return answer;
    }
}

}  // namespace backstop::proxy
