#include "proxy/async.hpp"

namespace backstop::proxy {

policy::Instant steady_now() {
    return std::chrono::time_point_cast<policy::Duration>(std::chrono::steady_clock::now());
}

policy::Moment now() {
    return {
        steady_now(),
        std::chrono::time_point_cast<policy::Duration>(std::chrono::system_clock::now())};
}

}  // namespace backstop::proxy
