// Contiguous bytes: written at the end, consumed from the front. Keeps its memory; moves bytes only
// when it would otherwise have to grow.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace backstop::proxy {

struct FreeBlock {
    std::size_t capacity = 0;
    void operator()(char* bytes) const;
};

class Buffer {
public:
    // What one read takes. Memory of just this size costs little to have and to give back.
    static constexpr std::size_t block = std::size_t{8} * 1024;

    explicit Buffer(std::size_t reserve) { grow(reserve); }

    std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }
    std::size_t capacity() const { return data_.get_deleter().capacity; }

    void consume(std::size_t count) {
        begin_ += count;
        if (begin_ == end_) begin_ = end_ = 0;
    }

    // Room for at least `least` bytes at the end, and for whatever else is there.
    std::span<char> room(std::size_t least) {
        if (capacity() - end_ < least) {
            if (begin_ > 0 && capacity() - size() >= least) {
                std::memmove(data_.get(), data_.get() + begin_, size());
                end_ -= begin_;
                begin_ = 0;
            } else {
                grow(std::max(2 * capacity(), size() + least));
            }
        }
        return {data_.get() + end_, capacity() - end_};
    }
    void commit(std::size_t count) { end_ += count; }

    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        const std::span<char> to = room(bytes.size());
        std::memcpy(to.data(), bytes.data(), bytes.size());
        commit(bytes.size());
    }

    // Gives memory beyond `keep` back; only an empty buffer shrinks.
    void shrink(std::size_t keep) {
        if (!empty() || capacity() <= keep) return;
        data_ = Bytes();
        begin_ = end_ = 0;
        grow(keep);
    }

private:
    using Bytes = std::unique_ptr<char[], FreeBlock>;
    static Bytes allocate(std::size_t capacity);

    void grow(std::size_t capacity) {
        if (capacity == 0) return;
        Bytes bigger = allocate(capacity);
        const std::size_t count = size();
        if (count > 0) std::memcpy(bigger.get(), data_.get() + begin_, count);
        data_ = std::move(bigger);
        begin_ = 0;
        end_ = count;
    }

    Bytes data_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace backstop::proxy
