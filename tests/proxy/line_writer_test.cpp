#include "proxy/line_writer.hpp"

#include "tests/proxy/pipe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <sys/socket.h>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// 100 bytes with the newline.
std::string line(int number) {
    std::string text = "line " + std::to_string(number) + " ";
    text.resize(99, '.');
    return text + "\n";
}

// Writes until the pipe takes no more; returns how many lines that were.
int fill(LineWriter& writer) {
    int lines = 0;
    while (writer.pending() == 0)
        writer.write(line(lines++));
    return lines;
}

TEST(LineWriter, WritesAtOnceUntilItIsStarted) {
    test::Pipe pipe;
    LineWriter writer(pipe.writer());
    writer.write("one\n");
    EXPECT_THAT(pipe.lines(), ElementsAre("one"));
}

TEST(LineWriter, WritesInBatchesOnceStarted) {
    test::Pipe pipe;
    asio::io_context io;
    LineWriter writer(pipe.writer(), {.period = 1ms});
    writer.start(io.get_executor());
    writer.write("one\n");
    writer.write("two\n");
    EXPECT_THAT(pipe.lines(), ElementsAre());
    io.run();  // ends, because the timer runs only while lines wait
    EXPECT_THAT(pipe.lines(), ElementsAre("one", "two"));
    io.restart();
    writer.write("three\n");
    io.run();
    EXPECT_THAT(pipe.lines(), ElementsAre("three"));
}

TEST(LineWriter, WritesAFullBatchWithoutWaitingForTheTimer) {
    test::Pipe pipe;
    asio::io_context io;
    LineWriter writer(pipe.writer(), {.batch_bytes = 250, .period = 1h});
    writer.start(io.get_executor());
    writer.write(line(0));
    writer.write(line(1));
    EXPECT_EQ(writer.pending(), 200);
    writer.write(line(2));
    EXPECT_EQ(writer.pending(), 0);
    EXPECT_EQ(pipe.lines().size(), 3);
}

TEST(LineWriter, DropsAndCountsWhatAStuckReaderDoesNotTake) {
    test::Pipe pipe;
    LineWriter writer(pipe.writer(), {.most_bytes = 1000});
    writer.announce_drops([](std::uint64_t dropped) {
        return std::to_string(dropped) + " lines were dropped\n";
    });
    const int taken = fill(writer);
    const auto left = static_cast<int>(writer.pending()) / 100;
    for (int i = 0; i < 30; ++i)
        writer.write(line(taken + i));
    const int dropped = 30 - (10 - left);
    EXPECT_EQ(writer.pending(), 1000);
    EXPECT_EQ(writer.dropped(), dropped);

    // The reader is back: everything that was held comes, then how much is missing.
    std::vector<std::string> lines = pipe.lines();
    writer.flush();
    writer.write("after\n");
    for (std::string& more : pipe.lines())
        lines.push_back(std::move(more));
    ASSERT_EQ(lines.size(), taken + (10 - left) + 2);
    for (int i = 0; i + 2 < static_cast<int>(lines.size()); ++i)
        EXPECT_EQ(lines[static_cast<std::size_t>(i)] + "\n", line(i));
    EXPECT_EQ(lines[lines.size() - 2], std::to_string(dropped) + " lines were dropped");
    EXPECT_EQ(lines.back(), "after");
    EXPECT_EQ(writer.dropped(), dropped) << "said once, counted for good";
}

TEST(LineWriter, GoesOnWithTheTimerUntilTheReaderHasTakenAll) {
    test::Pipe pipe;
    asio::io_context io;
    LineWriter writer(pipe.writer(), {.period = 1ms});
    const int taken = fill(writer);
    writer.start(io.get_executor());
    io.run_for(5ms);
    EXPECT_GT(writer.pending(), 0);
    std::size_t lines = pipe.lines().size();
    io.run();
    EXPECT_EQ(writer.pending(), 0);
    lines += pipe.lines().size();
    EXPECT_EQ(lines, taken);
}

TEST(LineWriter, DoesNotSplitALineThatFitsAPipesChunk) {
    test::Pipe pipe;
    LineWriter writer(pipe.writer());
    std::string text;
    for (int i = 0; i < 1000; ++i)
        text += line(i);
    writer.write(text);
    EXPECT_GT(writer.pending(), 0);
    EXPECT_EQ(writer.pending() % 100, 0) << "what is left begins at a line";
}

TEST(LineWriter, FinishesWhenTheReaderTakesTheRest) {
    test::Pipe pipe;
    LineWriter writer(pipe.writer());
    fill(writer);
    EXPECT_FALSE(writer.finish(1ms)) << "nobody reads";
    pipe.read();
    EXPECT_TRUE(writer.finish(10s));
}

TEST(LineWriter, SurvivesAReaderThatHasGone) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    test::Pipe pipe;
    LineWriter writer(pipe.writer());
    pipe.close_reader();
    writer.write("one\n");
    writer.write("two\n");
    EXPECT_EQ(writer.dropped(), 2);
    EXPECT_EQ(writer.pending(), 0);
}

TEST(LineWriter, WritesToAFile) {
    std::FILE* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    LineWriter writer(::fileno(file));
    for (int i = 0; i < 2000; ++i)
        writer.write(line(i));
    EXPECT_EQ(::lseek(::fileno(file), 0, SEEK_END), 200'000);
    std::fclose(file);
}

TEST(LineWriter, NeverWaitsForASocketsReader) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    {
        LineWriter writer(ends[1], {.most_bytes = 1000});
        fill(writer);
        for (int i = 0; i < 100; ++i)
            writer.write(line(i));
        EXPECT_GT(writer.dropped(), 0);
        ::shutdown(ends[0], SHUT_RDWR);
    }
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace backstop::proxy
