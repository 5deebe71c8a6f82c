// Whole lines to standard output (or another descriptor) without ever waiting for its reader. Lines
// are collected and written in batches; when the reader of a pipe falls behind, new lines are
// dropped, counted, and their number is written once there is room again: a stuck log collector
// must not hold up the forwarding of calls.
//
// The descriptor may be shared with other processes, so it is not made non-blocking. Instead
// poll(2) is asked before each write, and a pipe that is writable takes PIPE_BUF bytes at once.
#pragma once

#include "proxy/async.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::proxy {

class LineWriter {
public:
    struct Options {
        std::size_t batch_bytes = 64 * 1024;   // written at once when so much has come together
        std::size_t most_bytes = 1024 * 1024;  // held; lines beyond are dropped
        policy::Duration period = std::chrono::milliseconds(100);  // written at the latest
    };

    // Until start() each line is written at once. The descriptor stays the caller's.
    LineWriter(int descriptor, Options options);
    explicit LineWriter(int descriptor);
    ~LineWriter();  // finish(), for up to a second
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    // Batches from now on, with a timer that only runs while lines are waiting.
    void start(Executor executor);

    // `line` ends with a newline, or consists of several lines that belong together.
    void write(std::string_view line);
    // As much as is taken without waiting.
    void flush();
    // The end: waits for the reader, but no longer than that. True if everything was written.
    bool finish(policy::Duration at_most);

    // Written once there is room again; `dropped` is how many lines were lost.
    void announce_drops(std::function<std::string(std::uint64_t dropped)> line) {
        announce_ = std::move(line);
    }
    std::uint64_t dropped() const { return dropped_; }
    std::size_t pending() const { return pending_.size() - begin_; }

private:
    enum class Kind {
        file,
        pipe,  // or a terminal
        socket,
    };
    std::size_t chunk(std::string_view waiting) const;
    bool write_some();
    void announce();
    void arm();
    void give_up();

    int descriptor_;
    Options options_;
    Kind kind_ = Kind::pipe;
    std::string pending_{};
    std::size_t begin_ = 0;  // of what is not written yet
    std::uint64_t dropped_ = 0;
    std::uint64_t announced_ = 0;
    std::function<std::string(std::uint64_t)> announce_{};
    std::optional<Timer> timer_{};
    bool armed_ = false;
    bool broken_ = false;
    // A timer that has fired may be heard of after the writer's end.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace backstop::proxy
