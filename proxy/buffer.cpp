#include "proxy/buffer.hpp"

#include "proxy/spare_blocks.hpp"

namespace backstop::proxy {

namespace {

// One thread moves bytes; each has its own.
thread_local SpareBlocks<Buffer::block> spare_blocks;

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
