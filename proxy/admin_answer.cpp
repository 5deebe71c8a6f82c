#include "proxy/admin_answer.hpp"

#include "proxy/log.hpp"

#include <exception>
#include <utility>

namespace backstop::proxy {
namespace {

constexpr std::string_view index_page =
    "backstop\n"
    "\n"
    "/livez     the process runs\n"
    "/startupz  everything is bound\n"
    "/readyz    it takes requests\n"
    "/metrics   for Prometheus\n"
    "/status    the state of every upstream, JSON\n";

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
        answer.body = index_page;
    } else if (path == "/metrics") {
        answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
        answer.body = source.metrics();
    } else if (path == "/status") {
        answer.content_type = "application/json";
        answer.body = source.status();
    } else {
        answer.status = 404;
        answer.body = "not found; GET / lists what there is\n";
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
