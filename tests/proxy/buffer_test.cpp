#include "proxy/buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace backstop::proxy {
namespace {

TEST(Buffer, KeepsWhatWasNotConsumed) {
    Buffer buffer(0);
    std::string expected;
    for (int i = 0; i < 5000; ++i) {
        const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
        buffer.append(piece);
        expected += piece;
        const std::size_t used = expected.size() / 3;
        buffer.consume(used);
        expected.erase(0, used);
        ASSERT_EQ(buffer.view(), expected);
    }
}

TEST(Buffer, MovesBytesRatherThanGrow) {
    Buffer buffer(8);
    buffer.append("12345678");
    buffer.consume(6);
    buffer.append("abcd");
    EXPECT_EQ(buffer.view(), "78abcd");
    EXPECT_EQ(buffer.capacity(), 8);
}

TEST(Buffer, GivesMemoryBackOnlyWhenEmpty) {
    Buffer buffer(Buffer::block);
    buffer.append("a");
    buffer.shrink(0);
    EXPECT_EQ(buffer.capacity(), Buffer::block);
    buffer.consume(1);
    buffer.shrink(16);
    EXPECT_EQ(buffer.capacity(), 16);
    buffer.append("b");
    EXPECT_EQ(buffer.view(), "b");
}

// A block is only handed to the next once it was given back.
TEST(Buffer, SharesBlocksWithNobodyElse) {
    for (int round = 0; round < 3; ++round) {
        std::vector<Buffer> buffers;
        for (int i = 0; i < 40; ++i) {
            buffers.emplace_back(Buffer::block)
                .append(std::string(Buffer::block, static_cast<char>(i)));
        }
        for (int i = 0; i < 40; ++i) {
            ASSERT_EQ(
                buffers[static_cast<std::size_t>(i)].view(),
                std::string(Buffer::block, static_cast<char>(i))
            );
        }
    }
}

}  // namespace
}  // namespace backstop::proxy
