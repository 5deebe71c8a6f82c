#include "proxy/repeats.hpp"

#include <utility>

namespace backstop::proxy {

std::optional<std::uint64_t> Repeats::tell(std::string_view trouble, policy::Instant now) {
    const policy::Duration pause = trouble == last_ ? same_again : another;
    if (told_ && now - *told_ < pause) {
        ++untold_;
        return std::nullopt;
    }
    last_ = trouble;
    told_ = now;
    return std::exchange(untold_, 0U);
}

}  // namespace backstop::proxy
