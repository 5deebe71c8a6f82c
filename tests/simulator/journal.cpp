#include "tests/simulator/journal.hpp"

#include <algorithm>
#include <utility>

namespace simulator {

std::uint64_t Journal::add(Entry entry) {
    entry.sequence = ++last_;
    entries_.push_back(std::move(entry));
    if (entries_.size() > entries_max) {
        entries_.pop_front();
        ++dropped_;
    }
    return last_;
}

Entry* Journal::find(std::uint64_t sequence) {
    const auto found = std::ranges::lower_bound(entries_, sequence, {}, &Entry::sequence);
    return found == entries_.end() || found->sequence != sequence ? nullptr : &*found;
}

void Journal::clear() {
    entries_.clear();
    dropped_ = 0;
}

std::vector<Entry> Journal::since(std::uint64_t sequence) const {
    const auto first = std::ranges::upper_bound(entries_, sequence, {}, &Entry::sequence);
    return {first, entries_.end()};
}

}  // namespace simulator
