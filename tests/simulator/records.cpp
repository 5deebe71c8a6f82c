#include "tests/simulator/records.hpp"

#include <boost/json.hpp>

#include <utility>

namespace simulator {

namespace json = boost::json;

json::object& Records::add(const std::string& id, const std::string& name, json::object record) {
    if (in_order_.size() == records_max) {
        const auto oldest = by_id_.find(in_order_.front());
        const auto named = names_.find(oldest->second.name);
        if (--named->second == 0) names_.erase(named);
        by_id_.erase(oldest);
        in_order_.pop_front();
    }
    in_order_.push_back(id);
    ++names_[name];
    return by_id_.insert_or_assign(id, Record{.name = name, .object = std::move(record)})
        .first->second.object;
}

json::object* Records::find(const std::string& id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second.object;
}

json::array Records::list() const {
    json::array all;
    for (const std::string& id : in_order_)
        all.push_back(by_id_.at(id).object);
    return all;
}

}  // namespace simulator
