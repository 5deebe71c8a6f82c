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

class Buffer {
public:
    explicit Buffer(std::size_t reserve) { grow(reserve); }

    std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }
    std::size_t capacity() const { return capacity_; }

    void consume(std::size_t count) {
        begin_ += count;
        if (begin_ == end_) begin_ = end_ = 0;
    }

    // Room for at least `least` bytes at the end, and for whatever else is there.
    std::span<char> room(std::size_t least) {
        if (capacity_ - end_ < least) {
            if (begin_ > 0 && capacity_ - size() >= least) {
                std::memmove(data_.get(), data_.get() + begin_, size());
                end_ -= begin_;
                begin_ = 0;
            } else {
                grow(std::max(2 * capacity_, size() + least));
            }
        }
        return {data_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t count) { end_ += count; }

    void append(std::string_view bytes) {
        const std::span<char> to = room(bytes.size());
        std::memcpy(to.data(), bytes.data(), bytes.size());
        commit(bytes.size());
    }

    // Gives memory beyond `keep` back; only an empty buffer shrinks.
    void shrink(std::size_t keep) {
        if (!empty() || capacity_ <= keep) return;
        data_.reset();
        capacity_ = begin_ = end_ = 0;
        grow(keep);
    }

private:
    void grow(std::size_t capacity) {
        if (capacity == 0) return;
        auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
        const std::size_t count = size();
        if (count > 0) std::memcpy(bigger.get(), data_.get() + begin_, count);
        data_ = std::move(bigger);
        capacity_ = capacity;
        begin_ = 0;
        end_ = count;
    }

    std::unique_ptr<char[]> data_{};
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace backstop::proxy
