// How many events there were over the last `window`, in constant memory and amortised constant
// time: the window is cut into slices, and a slice is forgotten as a whole. So it is off by up to
// one slice (a hundredth of the window); the owner chooses to which side.
#pragma once

#include "policy/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace backstop::policy {

class SlidingCount {
public:
    enum class Cover {
        at_most,   // the window less up to one slice
        at_least,  // the window plus up to one slice
    };
    SlidingCount(Duration window, Cover cover);

    void add(Instant now);
    // Takes back an event that was added at `then`; nothing, if it has been forgotten since.
    void remove(Instant then);
    std::uint64_t count(Instant now) const;
    void clear();

private:
    static constexpr std::int64_t slices_in_window = 100;

    std::int64_t slice_at(Instant moment) const;
    std::size_t slot(std::int64_t slice) const;
    void move_to(std::int64_t slice);

    std::int64_t width_ns_;
    std::int64_t kept_;  // slices, the one under way included
    // The slice under way; counted are the `kept_` slices up to it. At first, one long ago.
    std::int64_t last_ = std::numeric_limits<std::int64_t>::min() / 2;
    std::uint64_t total_ = 0;
    std::array<std::uint32_t, slices_in_window + 1> slots_{};
};

}  // namespace backstop::policy
