// What the control socket answers. It takes orders, so it is off by default, and a Unix socket of
// mode 0600: no forged request in an application can reach it.
//
//   POST /reload  loads the configuration anew. 200: it is in force; 422: it has mistakes, which
//                 are the answer, and the old one stays in force; 503: the process drains
//   POST /quit    200, and the process drains as at SIGTERM
#pragma once

#include "proxy/admin.hpp"
#include "proxy/admin_answer.hpp"
#include "proxy/reloader.hpp"

#include <functional>
#include <string_view>

namespace backstop::proxy {

// Where the orders go. Called on the I/O thread.
struct ControlTarget {
    std::function<bool()> draining{};
    std::function<void(Reloader::Done)> reload{};
    std::function<void()> quit{};
};

void answer_control(
    const ControlTarget& target,
    std::string_view method,
    std::string_view path,
    const Admin::Done& done
);

}  // namespace backstop::proxy
