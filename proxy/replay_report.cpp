#include "proxy/replay_report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>
#include <string_view>

namespace backstop::proxy {

namespace {

// What each exchange is judged by again as its line has it. docs/EXPLAIN.md says why.
constexpr std::string_view always_as_logged =
    "what each attempt came to and when, the delays asked for, jitter, budget, breaker, gate, "
    "drain";
constexpr std::string_view without_configuration =
    "attempts allowed, deadline, whether the request may be repeated, fallbacks";

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace

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

void ReplayReport::unreadable(const std::string& why) {
    if (unreadable_++ == 0) why_ = why;
}

bool ReplayReport::finish() {
    json_ ? finish_json() : finish_text();
    return different_ == 0 && unreadable_ == 0;
}

void ReplayReport::finish_json() {
    boost::json::array as_logged{always_as_logged};
    if (!configured_) as_logged.emplace_back(without_configuration);
    boost::json::object out{
        {"exchanges", lines_},
        {"judged", decided_},
        {"different", different_},
        {"no_json", skipped_},
        {"unreadable", unreadable_},
        {"no_such_route", no_route_},
        {"as_logged", std::move(as_logged)}};
    if (unreadable_ > 0) out["first_unreadable"] = why_;
    output_ << boost::json::serialize(out) << "\n";
}

void ReplayReport::finish_text() {
    output_ << lines_ << " exchanges, of " << decided_ << " a retry was judged; "
            << lines_ - different_ << " come to the same again, " << different_ << " do not\n";
    output_ << "taken as logged: " << always_as_logged;
    if (!configured_) output_ << "; without --config also " << without_configuration;
    output_ << "\n";
    if (no_route_ > 0)
        output_ << counted(no_route_, "exchange is", "exchanges are")
                << " of a route that the configuration does not have: judged by what is logged\n";
    if (skipped_ > 0)
        output_ << counted(
                       skipped_,
                       "line is no JSON object and was",
                       "lines are no JSON objects "
                       "and were"
                   )
                << " skipped\n";
    if (unreadable_ > 0)
        output_ << counted(unreadable_, "access line", "access lines")
                << " could not be judged, the first: " << why_ << "\n";
}

}  // namespace backstop::proxy
