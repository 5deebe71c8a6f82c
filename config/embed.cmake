# Turns dialect files into one C++ source file, so that the program carries them.
#
#   cmake -D OUTPUT=builtin_dialects.cpp -D "FILES=a.toml;b.toml" -P embed.cmake
#
# The name of a dialect is that of its file; a test checks that the file says the same.
set(text "// Generated from config/dialects/*.toml by config/embed.cmake.
#include \"config/dialects.hpp\"

#include <array>

namespace backstop::config {
namespace {

constexpr std::array dialects{
")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WE)
  file(READ "${file}" content)
  string(APPEND text "    BuiltinDialect{\"${name}\", R\"dialect(${content})dialect\"},\n")
endforeach()
string(APPEND text "};

}  // namespace

std::span<const BuiltinDialect> builtin_dialects() { return dialects; }

}  // namespace backstop::config
")
file(WRITE "${OUTPUT}" "${text}")
