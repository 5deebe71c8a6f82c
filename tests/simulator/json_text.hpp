#pragma once

// JSON as the real API writes it. Boost.JSON writes 0.9 as 9E-1, which is the same number but not
// what anybody expects to see in a response. Bytes that are not UTF-8, as a request may bring them,
// become U+FFFD, so that the text is valid JSON whatever is told in it.

#include <boost/json/fwd.hpp>

#include <string>

namespace simulator {

std::string json_text(const boost::json::value& value);

}  // namespace simulator
