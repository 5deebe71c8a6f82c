// Series of metrics. A series stays until the process ends, also when a reload has removed its
// upstream or route: what it counted since the last scrape would be lost with it, and a series that
// comes and goes makes holes into every rate().
#pragma once

#include "proxy/metric_families.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>
#include <type_traits>

namespace backstop::proxy {

// Upper bounds in seconds, made for calls to APIs: from an answer out of a cache to a caller's
// patience, which the guides of the APIs set to a minute and a half.
const prometheus::Histogram::BucketBoundaries& latency_buckets();

// One series. Empty if never set.
template <typename Metric>
class Series {
public:
    Series() = default;
    explicit Series(Metric& metric) : metric_(&metric) {}

    explicit operator bool() const { return metric_ != nullptr; }
    Metric* operator->() const { return metric_; }

private:
    Metric* metric_ = nullptr;
};

// The series of one family. Outlives all of them.
template <typename Metric>
class SeriesFamily {
public:
    SeriesFamily(prometheus::Registry& registry, const FamilyInfo& info)
        : family_(
              builder().Name(std::string(info.name)).Help(std::string(info.help)).Register(registry)
          ) {}

    // The series with these labels, which starts at 0 if nobody has asked for it before.
    Series<Metric> series(const prometheus::Labels& labels) { return Series<Metric>(add(labels)); }

private:
    static auto builder() {
        if constexpr (std::is_same_v<Metric, prometheus::Counter>) {
            return prometheus::BuildCounter();
        } else if constexpr (std::is_same_v<Metric, prometheus::Gauge>) {
            return prometheus::BuildGauge();
        } else {
            return prometheus::BuildHistogram();
        }
    }

    Metric& add(const prometheus::Labels& labels) {
        if constexpr (std::is_same_v<Metric, prometheus::Histogram>) {
            return family_.Add(labels, latency_buckets());
        } else {
            return family_.Add(labels);
        }
    }

    prometheus::Family<Metric>& family_;
};

using Counter = prometheus::Counter;
using Histogram = prometheus::Histogram;

}  // namespace backstop::proxy
