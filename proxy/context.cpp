#include "proxy/context.hpp"

#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <cstring>

namespace backstop::proxy {

Random::Random() {
    std::random_device device;
    std::array<std::uint32_t, 16> words{};
    for (std::uint32_t& word : words)
        word = device();
    std::seed_seq seed(words.begin(), words.end());
    engine_.seed(seed);
}

std::array<std::uint8_t, 16> Random::bytes() {
    const std::array<std::uint64_t, 2> words{engine_(), engine_()};
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
}

std::string Random::id() {
    boost::uuids::uuid id{};
    const auto chance = bytes();
    std::copy(chance.begin(), chance.end(), id.begin());
    return "backstop-" + boost::uuids::to_string(id);
}

}  // namespace backstop::proxy
