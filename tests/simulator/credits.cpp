#include "tests/simulator/credits.hpp"

namespace simulator {

std::int64_t Credits::balance(const std::string& account) const {
    const auto found = spent_.find(account);
    return at_the_start_ - (found == spent_.end() ? 0 : found->second);
}

std::function<void()> Credits::read(JsonReader& in) {
    std::int64_t credits = 0;
    if (!in.whole("credits", credits, 0, 1'000'000'000)) return [] {};
    return [this, credits] {
        at_the_start_ = credits;
        spent_.clear();
    };
}

}  // namespace simulator
