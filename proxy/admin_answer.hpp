// What the admin listener answers, without any input or output.
#pragma once

#include "proxy/admin.hpp"

#include <string>
#include <string_view>

namespace backstop::proxy {

struct AdminAnswer {
    unsigned status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string body{};
    std::string_view allow{};                    // the field Allow of a 405
    std::string_view content_security_policy{};  // of the page
};

// `target` may have a query, which is ignored. An exception of the source becomes a 500.
AdminAnswer answer_admin(
    const AdminSource& source, std::string_view method, std::string_view target
);

}  // namespace backstop::proxy
