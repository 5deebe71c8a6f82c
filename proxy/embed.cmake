# Turns the status page into a C++ source file, so that the program carries it.
#
#   cmake -D OUTPUT=status_page_html.cpp -D FILE=status_page.html -P embed.cmake
file(READ "${FILE}" content)
file(WRITE "${OUTPUT}" "// Generated from proxy/status_page.html by proxy/embed.cmake.
#include \"proxy/status_page.hpp\"

namespace backstop::proxy {

std::string_view status_page_html() {
    return R\"page(${content})page\";
}

}  // namespace backstop::proxy
")
