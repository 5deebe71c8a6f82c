#pragma once

// The answers kept under idempotency keys. The same key brings back the first answer for 24 hours;
// only a successful answer is kept, so a request that failed may be repeated with its key.

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

namespace simulator {

struct StoredAnswer {
    std::chrono::milliseconds at{};
    std::string body_digest{};  // of the request, to notice a key used for something else
    int status = 0;
    std::string body{};
};

class StoredAnswers {
public:
    static constexpr std::chrono::hours kept_for{24};
    static constexpr std::size_t answers_max = 500'000;

    // nullptr where the key is new or too old.
    const StoredAnswer* find(const std::string& key, std::chrono::milliseconds now);
    void store(const std::string& key, StoredAnswer answer);

private:
    void expire(std::chrono::milliseconds now);

    std::unordered_map<std::string, StoredAnswer> answers_;
    std::deque<std::string> in_order_;
};

}  // namespace simulator
