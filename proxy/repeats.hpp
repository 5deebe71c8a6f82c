// A trouble that may last, for the log: told at once, and while it lasts now and then, with how
// often it came in between. An API that is down must not fill a disk with the news of it.
#pragma once

#include "policy/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::proxy {

class Repeats {
public:
    static constexpr policy::Duration same_again = std::chrono::seconds(10);
    static constexpr policy::Duration another = std::chrono::seconds(1);

    // The trouble has come. To be told now? Then how many were not told since the last one that
    // was. Nothing: not now.
    std::optional<std::uint64_t> tell(std::string_view trouble, policy::Instant now);

private:
    std::string last_{};
    std::optional<policy::Instant> told_{};
    std::uint64_t untold_ = 0;
};

}  // namespace backstop::proxy
