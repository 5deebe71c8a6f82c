#include "policy/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace backstop::policy {

Duration Backoff::floor(const Options& options, int retry) {
    const auto base = static_cast<double>(options.base.count());
    const double grown = base * std::pow(options.factor, std::max(retry, 1) - 1);
    // Growing without bound ends in infinity, or in no number at all where base is zero: compare
    // before converting, since such a double has no integer.
    if (options.base.count() <= 0) return Duration::zero();
    if (!(grown < static_cast<double>(options.max.count()))) return options.max;
    return Duration(static_cast<Duration::rep>(grown));
}

Duration Backoff::delay(const Options& options, int retry, double roll) {
    const double jitter = roll * static_cast<double>(options.jitter.count());
    return floor(options, retry) + Duration(static_cast<Duration::rep>(jitter));
}

}  // namespace backstop::policy
