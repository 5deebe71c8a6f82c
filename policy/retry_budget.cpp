#include "policy/retry_budget.hpp"

#include <algorithm>

namespace backstop::policy {

namespace {

double in_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

RetryBudget::RetryBudget(Options options)
    : options_(options),
      requests_(options.window, SlidingCount::Cover::at_most),
      retries_(options.window, SlidingCount::Cover::at_least) {}

void RetryBudget::request_begun(Instant now) {
    if (!first_request_) first_request_ = now;
    requests_.add(now);
}

bool RetryBudget::reserve(Instant now) {
    if (tokens(now) < 1.0) return false;
    retries_.add(now);
    return true;
}

void RetryBudget::refund(Instant reserved) {
    retries_.remove(reserved);
}

double RetryBudget::tokens(Instant now) const {
    return std::max(0.0, allowance(now) - static_cast<double>(retries_.count(now)));
}

double RetryBudget::allowance(Instant now) const {
    const double requests = static_cast<double>(requests_.count(now));
    const Duration age = first_request_ ? now - *first_request_ : Duration::zero();
    const double seconds = in_seconds(std::clamp(age, Duration::zero(), options_.window));
    return std::max(
        options_.ratio * requests + options_.per_second * seconds,
        options_.per_second * in_seconds(options_.window)
    );
}

void RetryBudget::reconfigure(Options options) {
    if (options.window != options_.window) {
        *this = RetryBudget(options);
        return;
    }
    options_ = options;
}

}  // namespace backstop::policy
