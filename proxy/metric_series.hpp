// Series of metrics whose life is bound to who counts on them. Two bindings of one upstream, the
// old and the new one of a reload, hold the same series, so that it keeps counting; when the last
// holder is gone the series is gone from /metrics too.
#pragma once

#include "proxy/metric_families.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace backstop::proxy {

// Upper bounds in seconds, made for calls to APIs: from an answer out of a cache to a caller's
// patience, which the guides of the APIs set to a minute and a half.
const prometheus::Histogram::BucketBoundaries& latency_buckets();

template <typename Metric>
class SeriesFamily;

// One series, held. Empty after a move, or if never set.
template <typename Metric>
class Series {
public:
    Series() = default;
    Series(SeriesFamily<Metric>& family, Metric& metric) : family_(&family), metric_(&metric) {}
    Series(Series&& from) noexcept
        : family_(from.family_), metric_(std::exchange(from.metric_, nullptr)) {}
    Series& operator=(Series&& from) noexcept {
        std::swap(family_, from.family_);
        std::swap(metric_, from.metric_);
        return *this;
    }
    Series(const Series&) = delete;
    Series& operator=(const Series&) = delete;
    ~Series() {
        if (metric_ != nullptr) family_->let_go(*metric_);
    }

    explicit operator bool() const { return metric_ != nullptr; }
    Metric* operator->() const { return metric_; }

private:
    SeriesFamily<Metric>* family_ = nullptr;
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

    // The series with these labels, which starts at 0 if nobody holds it yet.
    Series<Metric> series(const prometheus::Labels& labels) {
        Metric& metric = add(labels);
        ++holders_[&metric];
        return {*this, metric};
    }

private:
    friend class Series<Metric>;

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

    void let_go(Metric& metric) {
        const auto found = holders_.find(&metric);
        if (--found->second > 0) return;
        holders_.erase(found);
        family_.Remove(&metric);
    }

    prometheus::Family<Metric>& family_;
    std::unordered_map<Metric*, int> holders_{};
};

using Counter = prometheus::Counter;
using Histogram = prometheus::Histogram;

}  // namespace backstop::proxy
