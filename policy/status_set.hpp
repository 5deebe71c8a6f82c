// A set of status codes, asked for each response: a bit for each code of three digits.
#pragma once

#include <bitset>
#include <cstddef>
#include <initializer_list>

namespace backstop::policy {

class StatusSet {
public:
    StatusSet() = default;
    StatusSet(std::initializer_list<int> codes) {
        for (const int code : codes)
            insert(code);
    }

    // Codes that are not 0 to 999 are in no set.
    void insert(int code) {
        if (in_range(code)) codes_.set(static_cast<std::size_t>(code));
    }
    bool contains(int code) const {
        return in_range(code) && codes_[static_cast<std::size_t>(code)];
    }
    bool includes(const StatusSet& other) const { return (other.codes_ & ~codes_).none(); }
    bool empty() const { return codes_.none(); }

private:
    static constexpr int end = 1000;
    static bool in_range(int code) { return code >= 0 && code < end; }

    std::bitset<end> codes_{};
};

}  // namespace backstop::policy
