// Signals and turns: who runs when.
#include "proxy/turns.hpp"

#include "proxy/signal.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace backstop::proxy {
namespace {

using Log = std::vector<std::string>;

Async<void> read_then_send(Turns& turns, std::string name, Log& log) {
    log.push_back(name + " reads");
    co_await turns.next();
    log.push_back(name + " sends");
}

Async<void> read_and_send_twice(Turns& turns, Log& log) {
    co_await read_then_send(turns, "a", log);
    co_await read_then_send(turns, "b", log);
}

TEST(Turns, LetEverybodyReadBeforeAnybodySends) {
    asio::io_context io;
    Turns turns(io.get_executor());
    Log log;
    for (const char* const name : {"a", "b", "c"})
        asio::co_spawn(io, read_then_send(turns, name, log), asio::detached);
    io.run();
    EXPECT_EQ(log, (Log{"a reads", "b reads", "c reads", "a sends", "b sends", "c sends"}));
}

TEST(Turns, AreTakenAnewByWhoAsksWithinOne) {
    asio::io_context io;
    Turns turns(io.get_executor());
    Log log;
    asio::co_spawn(io, read_and_send_twice(turns, log), asio::detached);
    io.run();
    EXPECT_EQ(log, (Log{"a reads", "a sends", "b reads", "b sends"}));
}

Async<void> listen(Signal& signal, int times, Log& log) {
    try {
        for (int i = 0; i < times; ++i) {
            if (signal.quiet()) co_await signal.wait();
            log.emplace_back("woken");
        }
        log.emplace_back("done");
    } catch (const Stopped&) {
        log.emplace_back("stopped");
    }
}

TEST(Signal, WakesOnceForEachTimeItWasRaised) {
    asio::io_context io;
    Signal signal(io.get_executor());
    Log log;
    asio::co_spawn(io, listen(signal, 2, log), asio::detached);
    io.poll();
    EXPECT_EQ(log, Log{});
    signal.wake();
    EXPECT_EQ(log, Log{"woken"});
    signal.wake();
    EXPECT_EQ(log, (Log{"woken", "woken", "done"}));
}

TEST(Signal, RemembersThatItWasRaised) {
    asio::io_context io;
    Signal signal(io.get_executor());
    signal.wake();
    signal.wake();  // twice is as good as once
    Log log;
    asio::co_spawn(io, listen(signal, 2, log), asio::detached);
    io.poll();
    EXPECT_EQ(log, Log{"woken"});
    signal.wake_later();
    EXPECT_EQ(log, Log{"woken"});
    io.restart();
    io.poll();
    EXPECT_EQ(log, (Log{"woken", "woken", "done"}));
}

TEST(Signal, StopsWhoWaitsAndWhoIsAboutTo) {
    asio::io_context io;
    Signal waited(io.get_executor());
    Log log;
    asio::co_spawn(io, listen(waited, 1, log), asio::detached);
    io.poll();
    waited.stop();
    io.restart();
    io.poll();
    EXPECT_EQ(log, Log{"stopped"});

    Signal stopped(io.get_executor());
    stopped.stop();
    asio::co_spawn(io, listen(stopped, 1, log), asio::detached);
    io.restart();
    io.poll();
    EXPECT_EQ(log, (Log{"stopped", "stopped"}));
}

}  // namespace
}  // namespace backstop::proxy
