#include "policy/sliding_count.hpp"

#include <algorithm>

namespace backstop::policy {

SlidingCount::SlidingCount(Duration window, Cover cover)
    : width_ns_(
          std::max<std::int64_t>((window.count() + slices_in_window - 1) / slices_in_window, 1)
      ),
      kept_(cover == Cover::at_least ? slices_in_window + 1 : slices_in_window) {}

void SlidingCount::add(Instant now) {
    move_to(slice_at(now));
    ++slots_[slot(last_)];
    ++total_;
}

void SlidingCount::remove(Instant then) {
    const std::int64_t slice = slice_at(then);
    if (slice > last_ || slice <= last_ - kept_ || slots_[slot(slice)] == 0) return;
    --slots_[slot(slice)];
    --total_;
}

std::uint64_t SlidingCount::count(Instant now) const {
    const std::int64_t gone_up_to = slice_at(now) - kept_;
    std::uint64_t left = total_;
    for (std::int64_t slice = last_ - kept_ + 1; slice <= std::min(gone_up_to, last_); ++slice)
        left -= slots_[slot(slice)];
    return left;
}

void SlidingCount::clear() {
    slots_.fill(0);
    total_ = 0;
}

std::int64_t SlidingCount::slice_at(Instant moment) const {
    const std::int64_t ns = moment.time_since_epoch().count();
    return ns >= 0 ? ns / width_ns_ : (ns + 1) / width_ns_ - 1;
}

std::size_t SlidingCount::slot(std::int64_t slice) const {
    const std::int64_t rest = slice % kept_;
    return static_cast<std::size_t>(rest < 0 ? rest + kept_ : rest);
}

// Forgets what falls out of the window. Time does not run backwards: an older moment counts as the
// slice under way.
void SlidingCount::move_to(std::int64_t slice) {
    if (slice - last_ >= kept_) {
        clear();
        last_ = slice;
        return;
    }
    while (last_ < slice) {
        ++last_;
        total_ -= slots_[slot(last_)];
        slots_[slot(last_)] = 0;
    }
}

}  // namespace backstop::policy
