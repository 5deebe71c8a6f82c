// The last five minutes of each upstream and the last failures of all, for the status page: what
// somebody who has just opened it needs to see, before any Prometheus has been asked.
//
// Bounded: a ring for each name that a configuration has given an upstream, and 20 failures.
// Nothing here comes from a client; the API's error codes are cleaned as in an access line.
#pragma once

#include "policy/time.hpp"
#include "policy/verdict.hpp"
#include "proxy/metric_labels.hpp"
#include "proxy/report.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::proxy {

// What ended in one slice of time.
struct ActivitySlice {
    std::uint32_t attempts = 0;  // retries included
    std::uint32_t retries = 0;
    std::uint32_t impaired = 0;  // exchanges, see is_impaired()
};

class Activity {
public:
    static constexpr policy::Duration slice = std::chrono::seconds(5);
    static constexpr std::size_t slices = 60;
    using Slices = std::array<ActivitySlice, slices>;

    ActivitySlice& at(policy::Instant now);
    // Oldest first; the last one is under way.
    Slices last_slices(policy::Instant now) const;

private:
    using Number = std::int64_t;  // of a slice, on the steady clock

    static Number number(policy::Instant now);
    static std::size_t place_of(Number number);

    Slices ring_{};
    Number newest_ = 0;
};

// The same failure again and again is one, or an outage would push out how it began.
struct RecentFailure {
    policy::WallTime first{};
    policy::WallTime last{};
    std::uint64_t count = 0;
    std::string upstream{};
    std::string route{};
    MethodLabel method = MethodLabel::other;
    int status = 0;
    Outcome outcome = Outcome::local_error;
    policy::Reason reason = policy::Reason::internal_error;
    int attempts = 0;          // of the last
    std::string error_code{};  // the API's, cleaned; often empty

    bool is_like(const RecentFailure& other) const;
};

// What the objective "full fidelity" of deploy/prometheus counts: not the API's own answer, or its
// refusal of our key or our plan. Not a stream that the client left, nor what it has to mend.
bool is_impaired(const Report& report);

class Recent {
public:
    static constexpr std::size_t failures_max = 20;

    void exchange(std::string_view upstream, const Report& report);
    // What is left of the paid plan has been told.
    void quota(std::string_view upstream, double remaining);

    // Null, or nothing, where nothing has happened.
    const Activity* activity(std::string_view upstream) const;
    // The most that was ever told: what a bar of the rest can be measured by.
    std::optional<double> most_quota(std::string_view upstream) const;
    // Newest first.
    const std::list<RecentFailure>& failures() const { return failures_; }

private:
    void failed(std::string_view upstream, const Report& report);

    std::map<std::string, Activity, std::less<>> activities_{};
    std::map<std::string, double, std::less<>> most_quota_{};
    std::list<RecentFailure> failures_{};
};

}  // namespace backstop::proxy
