// What `explain --log` says of the lines it has read.
#pragma once

#include "policy/replay.hpp"
#include "proxy/access_reader.hpp"

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace backstop::proxy {

class ReplayReport {
public:
    // One line of text, or with `json` of JSON, for each decision that differs, and one at the end.
    // `configured`: what a configuration determines is taken from there, where its routes allow.
    ReplayReport(std::ostream& output, bool json, bool configured)
        : output_(output), json_(json), configured_(configured) {}

    // `number` of the line, from 1.
    void add(
        std::size_t number,
        const AccessLine& line,
        const std::vector<policy::Difference>& differences
    );
    // The configuration does not have the route of a line.
    void no_route() { ++no_route_; }
    // Somebody else's line.
    void skipped() { ++skipped_; }
    // An access line that cannot be judged, and why.
    void unreadable(const std::string& why);

    // Silence must not look like agreement.
    bool empty() const { return lines_ == 0; }
    std::size_t lines_skipped() const { return skipped_; }
    const std::string& first_unreadable() const { return why_; }
    // True if each access line could be judged, and no decision differed.
    bool finish();

private:
    void finish_json();
    void finish_text();

    std::ostream& output_;
    bool json_;
    bool configured_;
    std::size_t lines_ = 0;
    std::size_t decided_ = 0;  // of which a retry was judged
    std::size_t different_ = 0;
    std::size_t no_route_ = 0;
    std::size_t skipped_ = 0;
    std::size_t unreadable_ = 0;
    std::string why_{};  // of the first that is unreadable
};

}  // namespace backstop::proxy
