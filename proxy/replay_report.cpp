#include "proxy/replay_report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>

namespace backstop::proxy {

void ReplayReport::add(
    std::size_t number, const AccessLine& line, const std::vector<policy::Difference>& differences
) {
    ++lines_;
    if (line.exchange.record.judgement) ++decided_;
    if (differences.empty()) return;
    ++different_;
    if (json_) {
        boost::json::array fields;
        for (const policy::Difference& each : differences)
            fields.push_back(boost::json::object{
                {"field", each.field}, {"logged", each.logged}, {"again", each.again}});
        const boost::json::object out{
            {"line", number},
            {"ts", line.time},
            {"upstream", line.upstream},
            {"route", line.route},
            {"differences", std::move(fields)}};
        output_ << boost::json::serialize(out) << "\n";
        return;
    }
    output_ << "line " << number << " (" << line.time << " " << line.upstream << " " << line.route
            << ") differs:";
    for (const policy::Difference& each : differences)
        output_ << " " << each.field << " was '" << each.logged << "', is now '" << each.again
                << "';";
    output_ << "\n";
}

bool ReplayReport::finish() {
    if (json_) {
        const boost::json::object out{
            {"exchanges", lines_}, {"judged", decided_}, {"different", different_}};
        output_ << boost::json::serialize(out) << "\n";
    } else {
        output_ << lines_ << " exchanges, of " << decided_ << " a retry was judged; "
                << lines_ - different_ << " come to the same again, " << different_ << " do not\n";
    }
    return different_ == 0;
}

}  // namespace backstop::proxy
