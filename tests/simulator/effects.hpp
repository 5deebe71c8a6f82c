#pragma once

// Counts what happened in the world, by name and by subject. This is the witness for "never twice":
// it is told by the API when it acts, whatever became of the answer afterwards.

#include "tests/simulator/api.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

class Effects {
public:
    struct Count {
        std::string name{};
        std::string subject{};
        std::uint64_t count = 0;
    };

    // Past this many subjects only the names are counted.
    static constexpr std::size_t subjects_max = 1'000'000;

    explicit Effects(const std::vector<std::string>& names);

    void add(const Effect& effect);
    void clear();

    std::uint64_t count(std::string_view name) const;
    std::uint64_t count(std::string_view name, std::string_view subject) const;
    std::vector<Count> more_than_once() const;
    const std::map<std::string, std::uint64_t, std::less<>>& by_name() const { return by_name_; }

    using Subjects = std::map<std::string, std::uint64_t, std::less<>>;
    const std::map<std::string, Subjects, std::less<>>& by_subject() const { return by_subject_; }

private:
    std::map<std::string, std::uint64_t, std::less<>> by_name_;
    std::map<std::string, Subjects, std::less<>> by_subject_;
    std::size_t subjects_ = 0;
};

}  // namespace simulator
