// A response as `curl -i` prints it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop::proxy {

struct CurlOutput {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields{};
    std::string body{};  // as it stands there
};

// Of several heads (100 Continue, redirects, a proxy's) the last counts. Lines may end in CRLF or
// LF. Throws std::invalid_argument, which names the line and says what was expected.
CurlOutput parse_curl_output(std::string_view text);

// "Name: value", as after curl's -H. Throws std::invalid_argument.
std::pair<std::string, std::string> parse_field(std::string_view line);

}  // namespace backstop::proxy
