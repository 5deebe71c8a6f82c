#pragma once

// The conversations of a Leavo account as server-sent events: each message as it is sent, and a
// heartbeat whenever nothing else was told for a while.

#include "tests/simulator/api.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace simulator {

// What was told to an account's listeners; one who falls too far behind misses the oldest.
class Conversation {
public:
    static constexpr std::size_t events_max = 1000;

    void tell(std::string_view event, const std::string& data);

    std::uint64_t last() const { return first_ + events_.size() - 1; }
    std::string after(std::uint64_t number) const;  // the events that came after that one

private:
    std::uint64_t first_ = 1;
    std::deque<std::string> events_;
};

class LeavoStream : public Stream {
public:
    LeavoStream(
        std::shared_ptr<const Conversation> conversation, std::chrono::milliseconds heartbeat
    );

    std::string due(Moment now) override;

private:
    std::shared_ptr<const Conversation> conversation_;
    std::chrono::milliseconds heartbeat_;
    std::uint64_t told_;
    bool begun_ = false;
    std::chrono::milliseconds spoke_{};
};

}  // namespace simulator
