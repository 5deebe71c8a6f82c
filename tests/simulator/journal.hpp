#pragma once

// Every request that arrived, in the order of arrival, as it came: with all its headers, its key,
// its body, what was answered and what it made happen. Tests read here what a proxy really sent.

#include "tests/simulator/api.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

struct Entry {
    std::uint64_t sequence = 0;  // from 1, never used again
    std::chrono::milliseconds arrived{};
    std::chrono::system_clock::time_point wall{};
    std::uint64_t connection = 0;  // from 1
    bool tls = false;
    std::string method{};
    std::string target{};
    Fields fields{};
    std::string idempotency_key{};  // empty: none
    std::string body{};             // the first 4 KiB
    std::size_t body_bytes = 0;     // all of it
    std::string body_sha256{};

    int status = 0;                        // 0: no answer was sent
    std::chrono::milliseconds answered{};  // when its last bytes went out
    std::vector<std::string> faults{};
    std::vector<std::string> effects{};  // "calls_started call_123"
    std::string note{};                  // replayed; incomplete, and why

    const std::string* field(std::string_view name) const { return find_field(fields, name); }
};

class Journal {
public:
    static constexpr std::size_t entries_max = 100'000;
    static constexpr std::size_t body_bytes_max = 4096;

    std::uint64_t add(Entry entry);
    Entry* find(std::uint64_t sequence);  // nullptr where it is gone
    void clear();

    std::vector<Entry> since(std::uint64_t sequence) const;  // those after it
    std::uint64_t last_sequence() const { return last_; }
    std::uint64_t dropped() const { return dropped_; }  // for want of room
    std::size_t size() const { return entries_.size(); }

private:
    std::deque<Entry> entries_;
    std::uint64_t last_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace simulator
