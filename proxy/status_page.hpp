// The page at /: the state of everything for people. Its tables are written here, so that it says
// all there is without JavaScript; with it the page draws itself anew from /status every two
// seconds.
#pragma once

#include "proxy/status.hpp"

#include <string>
#include <string_view>

namespace backstop::proxy {

std::string status_page(const StatusInput& input, policy::Moment now);

// For the field Content-Security-Policy: nothing but the style and the script of the page itself,
// by their hashes, and /status.
std::string_view status_page_policy();

// proxy/status_page.html, with `tables_mark` where the tables go.
std::string_view status_page_html();
inline constexpr std::string_view tables_mark = "<!--tables-->";

}  // namespace backstop::proxy
