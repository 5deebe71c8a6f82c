#include "proxy/control_answer.hpp"

#include <string>
#include <utility>

namespace backstop::proxy {
namespace {

AdminAnswer plain(unsigned status, std::string body) {
    AdminAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

AdminAnswer answer_reload(const Reloader::Result& result) {
    if (result.successful) return plain(200, result.findings + "reloaded\n");
    return plain(422, result.findings + "not reloaded: the old configuration stays in force\n");
}

}  // namespace

void answer_control(
    const ControlTarget& target,
    std::string_view method,
    std::string_view path,
    const Admin::Done& done
) {
    const bool reload = path == "/reload";
    if (!reload && path != "/quit") {
        done(plain(404, "not found; there is POST /reload and POST /quit\n"));
    } else if (method != "POST") {
        AdminAnswer answer = plain(405, "POST only\n");
        answer.allow = "POST";
        done(std::move(answer));
    } else if (!reload) {
        target.quit();
        done(plain(200, "draining\n"));
    } else if (target.draining()) {
        done(plain(503, "not reloaded: backstop drains and is about to exit\n"));
    } else {
        target.reload([done](const Reloader::Result& result) { done(answer_reload(result)); });
    }
}

}  // namespace backstop::proxy
