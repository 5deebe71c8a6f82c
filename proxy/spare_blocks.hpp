// Pieces of memory of one size that everybody needs for a moment, kept for whoever is next: to ask
// the heap for each would cost a fortieth of a request. Of one thread only.
#pragma once

#include <array>
#include <cstddef>

namespace backstop::proxy {

template <std::size_t size>
class SpareBlocks {
public:
    SpareBlocks() = default;
    SpareBlocks(const SpareBlocks&) = delete;
    SpareBlocks& operator=(const SpareBlocks&) = delete;
    ~SpareBlocks() {
        while (count_ > 0)
            delete[] blocks_[--count_];
    }
    char* take() { return count_ == 0 ? new char[size] : blocks_[--count_]; }
    void give(char* block) {
        if (count_ < blocks_.size()) {
            blocks_[count_++] = block;
        } else {
            delete[] block;
        }
    }

private:
    std::array<char*, 16> blocks_{};
    std::size_t count_ = 0;
};

}  // namespace backstop::proxy
