#include "policy/retry_budget.hpp"

#include <algorithm>

namespace backstop::policy {

namespace {

double in_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

double number(std::uint64_t count) {
    return static_cast<double>(count);
}

}  // namespace

RetryBudget::RetryBudget(Options options)
    : options_(options),
      requests_(options.window, SlidingCount::Cover::at_most),
      retries_(options.window, SlidingCount::Cover::at_least) {}

void RetryBudget::request_begun(Instant now) {
    if (!ever_.first_request) ever_.first_request = now;
    ++ever_.requests;
    requests_.add(now);
}

bool RetryBudget::reserve(Instant now) {
    if (!grants(tokens(now))) return false;
    ++ever_.retries;
    retries_.add(now);
    return true;
}

void RetryBudget::refund(Instant reserved) {
    if (ever_.retries > 0) --ever_.retries;
    retries_.remove(reserved);
}

double RetryBudget::tokens(Instant now) const {
    const double in_window = options_.ratio * number(requests_.count(now)) + window_share() -
                             number(retries_.count(now));
    const double age = ever_.first_request ? in_seconds(now - *ever_.first_request) : 0.0;
    const double since_start =
        std::max(
            window_share(), options_.ratio * number(ever_.requests) + options_.per_second * age
        ) -
        number(ever_.retries);
    return std::max(0.0, std::min(in_window, since_start));
}

double RetryBudget::window_share() const {
    return options_.per_second * in_seconds(options_.window);
}

void RetryBudget::reconfigure(Options options) {
    if (options != options_) *this = RetryBudget(options);
}

}  // namespace backstop::policy
