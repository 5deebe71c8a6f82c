#include "proxy/recent.hpp"

#include "policy/record.hpp"
#include "policy/route.hpp"
#include "proxy/redact.hpp"

#include <algorithm>
#include <tuple>

namespace backstop::proxy {
namespace {

// The value of a name, made if there is none; allocates nothing if there is.
template <typename Value>
Value& of(std::map<std::string, Value, std::less<>>& map, std::string_view name) {
    const auto found = map.find(name);
    return found != map.end() ? found->second : map.emplace(name, Value{}).first->second;
}

}  // namespace

Activity::Number Activity::number(policy::Instant now) {
    return now.time_since_epoch() / slice;
}

std::size_t Activity::place_of(Number number) {
    return static_cast<std::size_t>(number) % slices;
}

ActivitySlice& Activity::at(policy::Instant now) {
    const Number current = number(now);
    // What the ring still has of an earlier round is over.
    const Number first = std::max(newest_ + 1, current - static_cast<Number>(slices) + 1);
    for (Number each = first; each <= current; ++each)
        ring_.at(place_of(each)) = {};
    newest_ = std::max(newest_, current);
    return ring_.at(place_of(current));
}

Activity::Slices Activity::last_slices(policy::Instant now) const {
    Slices out{};
    Number each = number(now) - static_cast<Number>(slices) + 1;
    for (ActivitySlice& one : out) {
        const bool kept = each <= newest_ && each > newest_ - static_cast<Number>(slices);
        if (kept) one = ring_.at(place_of(each));
        ++each;
    }
    return out;
}

bool is_impaired(const Report& report) {
    switch (report.outcome) {
        case Outcome::ok:
        case Outcome::replayed:
            return false;
        case Outcome::upstream_error:
        case Outcome::degraded:
            return true;
        case Outcome::local_error:  // a 400 or a 413 of ours is for the client to mend
        case Outcome::client_error:
        case Outcome::aborted:
            break;
    }
    constexpr std::array refusals{401, 402, 403, 429, 499};
    return report.status >= 500 || std::ranges::find(refusals, report.status) != refusals.end();
}

bool RecentFailure::is_like(const RecentFailure& other) const {
    const auto what = [](const RecentFailure& one) {
        return std::tie(
            one.status, one.outcome, one.reason, one.method, one.upstream, one.route, one.error_code
        );
    };
    return what(*this) == what(other);
}

void Recent::exchange(std::string_view upstream, const Report& report) {
    ActivitySlice& slice = of(activities_, upstream).at(report.ended.steady);
    const policy::Record* record = report.record;
    if (record != nullptr) {
        slice.attempts += static_cast<std::uint32_t>(record->attempts.size());
        slice.retries += static_cast<std::uint32_t>(
            std::ranges::count_if(record->retries, &policy::RetryRecord::made)
        );
    }
    if (!is_impaired(report)) return;
    ++slice.impaired;
    failed(upstream, report);
}

void Recent::failed(std::string_view upstream, const Report& report) {
    RecentFailure failure;
    failure.first = failure.last = report.ended.wall;
    failure.count = 1;
    failure.upstream = upstream;
    failure.route = report.route != nullptr ? std::string_view(report.route->label) : "other";
    failure.method = method_label(report.method);
    failure.status = report.status;
    failure.outcome = report.outcome;
    failure.reason = report.reason;
    if (report.record != nullptr) {
        failure.attempts = report.record->counted_attempts();
        append_clean_code(failure.error_code, report.record->error_code);
    }
    const auto known = std::ranges::find_if(failures_, [&failure](const RecentFailure& each) {
        return each.is_like(failure);
    });
    if (known != failures_.end()) {
        failure.first = known->first;
        failure.count += known->count;
        failures_.erase(known);
    }
    failures_.push_front(std::move(failure));
    if (failures_.size() > failures_max) failures_.pop_back();
}

void Recent::quota(std::string_view upstream, double remaining) {
    double& most = of(most_quota_, upstream);
    most = std::max(most, remaining);
}

const Activity* Recent::activity(std::string_view upstream) const {
    const auto found = activities_.find(upstream);
    return found != activities_.end() ? &found->second : nullptr;
}

std::optional<double> Recent::most_quota(std::string_view upstream) const {
    const auto found = most_quota_.find(upstream);
    if (found == most_quota_.end()) return std::nullopt;
    return found->second;
}

}  // namespace backstop::proxy
