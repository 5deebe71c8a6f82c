#pragma once

// What an account has paid for and not yet used, where an API charges for what it does. The setting
// `credits` is what each account has at the start.

#include "tests/simulator/json_reader.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace simulator {

class Credits {
public:
    std::int64_t balance(const std::string& account) const;
    void spend(const std::string& account, std::int64_t amount) { spent_[account] += amount; }
    void forget() { spent_.clear(); }

    std::int64_t at_the_start() const { return at_the_start_; }

    // Reads the setting; what it returns changes it, and gives every account that much anew.
    std::function<void()> read(JsonReader& in);

private:
    std::int64_t at_the_start_ = 1'000'000;
    std::map<std::string, std::int64_t> spent_;
};

}  // namespace simulator
