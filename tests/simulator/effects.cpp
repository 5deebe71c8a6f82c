#include "tests/simulator/effects.hpp"

namespace simulator {

Effects::Effects(const std::vector<std::string>& names) {
    for (const std::string& name : names)
        by_name_[name] = 0;
}

void Effects::add(const Effect& effect) {
    ++by_name_[effect.name];
    Subjects& subjects = by_subject_[effect.name];
    const auto found = subjects.find(effect.subject);
    if (found != subjects.end()) {
        ++found->second;
    } else if (subjects_ < subjects_max) {
        subjects.emplace(effect.subject, 1);
        ++subjects_;
    }
}

void Effects::clear() {
    for (auto& named : by_name_)
        named.second = 0;
    by_subject_.clear();
    subjects_ = 0;
}

std::uint64_t Effects::count(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? 0 : found->second;
}

std::uint64_t Effects::count(std::string_view name, std::string_view subject) const {
    const auto subjects = by_subject_.find(name);
    if (subjects == by_subject_.end()) return 0;
    const auto found = subjects->second.find(subject);
    return found == subjects->second.end() ? 0 : found->second;
}

std::vector<Effects::Count> Effects::more_than_once() const {
    std::vector<Count> list;
    for (const auto& [name, subjects] : by_subject_) {
        for (const auto& [subject, count] : subjects) {
            if (count > 1) list.push_back({.name = name, .subject = subject, .count = count});
        }
    }
    return list;
}

}  // namespace simulator
