#pragma once

// Checks the JSON body of a request against the fields that a route takes. It finds all that is
// wrong; how an API tells of it is the API's affair. A null counts as missing.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace simulator {

enum class Shape {
    text,    // a string that is not empty
    phone,   // E.164: +, and 7 to 15 digits of which the first is no zero
    phones,  // a list of those that is not empty
    email    // something@something.something
};

struct Wanted {
    std::string_view name;
    Shape shape = Shape::text;
    bool required = true;
};

struct Problem {
    std::string field{};
    bool missing = false;
    std::string reason{};  // "phone_number must be E.164 format"
};

struct CheckedBody {
    std::string malformed{};  // why it is no JSON object; empty where it is
    boost::json::object fields{};
    std::vector<Problem> problems{};

    bool good() const { return malformed.empty() && problems.empty(); }
    std::string text(std::string_view name) const;  // empty where there is none
};

CheckedBody check_body(std::string_view text, const std::vector<Wanted>& wanted);

}  // namespace simulator
