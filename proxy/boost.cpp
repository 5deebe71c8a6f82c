// Asio and Beast are compiled here once (their separate-compilation mode); every other file only
// declares them, which saves several seconds a file.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
