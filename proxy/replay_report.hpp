// What `explain --log` says of the lines it has read.
#pragma once

#include "policy/replay.hpp"
#include "proxy/access_reader.hpp"

#include <cstddef>
#include <iosfwd>
#include <vector>

namespace backstop::proxy {

class ReplayReport {
public:
    // One line of text, or with `json` of JSON, for each decision that differs, and one at the end.
    ReplayReport(std::ostream& output, bool json) : output_(output), json_(json) {}

    // `number` of the line, from 1.
    void add(
        std::size_t number,
        const AccessLine& line,
        const std::vector<policy::Difference>& differences
    );
    // True if no decision differed.
    bool finish();

private:
    std::ostream& output_;
    bool json_;
    std::size_t lines_ = 0;
    std::size_t decided_ = 0;  // of which a retry was judged
    std::size_t different_ = 0;
};

}  // namespace backstop::proxy
