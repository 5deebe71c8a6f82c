#include "tests/simulator/stored_answers.hpp"

#include <utility>

namespace simulator {

using std::chrono::milliseconds;

const StoredAnswer* StoredAnswers::find(const std::string& key, milliseconds now) {
    expire(now);
    const auto found = answers_.find(key);
    return found == answers_.end() ? nullptr : &found->second;
}

void StoredAnswers::store(const std::string& key, StoredAnswer answer) {
    if (!answers_.insert_or_assign(key, std::move(answer)).second) return;
    in_order_.push_back(key);
    if (in_order_.size() <= answers_max) return;
    answers_.erase(in_order_.front());
    in_order_.pop_front();
}

void StoredAnswers::expire(milliseconds now) {
    while (!in_order_.empty() && answers_.at(in_order_.front()).at + kept_for <= now) {
        answers_.erase(in_order_.front());
        in_order_.pop_front();
    }
}

}  // namespace simulator
