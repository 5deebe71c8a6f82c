#include "proxy/buffer.hpp"

#include <array>

namespace backstop::proxy {

namespace {

// Blocks of the one size that every message needs, kept for the next message: to ask the heap for
// each would cost a fortieth of a request. One thread moves bytes; each has its own.
class SpareBlocks {
public:
    SpareBlocks() = default;
    SpareBlocks(const SpareBlocks&) = delete;
    SpareBlocks& operator=(const SpareBlocks&) = delete;
    ~SpareBlocks() {
        while (count_ > 0)
            delete[] blocks_[--count_];
    }
    char* take() { return count_ == 0 ? new char[Buffer::block] : blocks_[--count_]; }
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

thread_local SpareBlocks spare_blocks;

}  // namespace

void FreeBlock::operator()(char* bytes) const {
    if (capacity == Buffer::block) {
        spare_blocks.give(bytes);
    } else {
        delete[] bytes;
    }
}

Buffer::Bytes Buffer::allocate(std::size_t capacity) {
    return Bytes(capacity == block ? spare_blocks.take() : new char[capacity], FreeBlock{capacity});
}

}  // namespace backstop::proxy
