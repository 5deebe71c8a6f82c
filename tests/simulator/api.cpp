#include "tests/simulator/api.hpp"

#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/leavo.hpp"
#include "tests/simulator/levrage.hpp"
#include "tests/simulator/sticky_calls.hpp"
#include "tests/simulator/truedy.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace simulator {
namespace {

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same_name(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, {}, lower, lower);
}

}  // namespace

const std::string* find_field(const Fields& fields, std::string_view name) {
    const auto found = std::ranges::find_if(fields, [name](const Field& field) {
        return same_name(field.name, name);
    });
    return found == fields.end() ? nullptr : &found->value;
}

std::string_view Request::path() const {
    const std::string_view all = target;
    return all.substr(0, all.find('?'));
}

std::string_view Request::query() const {
    const std::string_view all = target;
    const std::size_t mark = all.find('?');
    return mark == std::string_view::npos ? std::string_view() : all.substr(mark + 1);
}

std::unique_ptr<Api> make_api(std::string_view name, std::uint64_t seed) {
    if (name == "sticky-calls") return std::make_unique<StickyCalls>(seed);
    if (name == "levrage") return std::make_unique<Levrage>(seed);
    if (name == "leavo") return std::make_unique<Leavo>(seed);
    if (name == "truedy") return std::make_unique<Truedy>(seed);
    throw BadInput(
        "api",
        "no API is named '" + std::string(name) +
            "'; there is: sticky-calls, levrage, leavo, truedy"
    );
}

}  // namespace simulator
