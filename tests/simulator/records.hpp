#pragma once

// What one account of an API has created of one kind, such as agents: JSON objects, each with an
// id, in the order of creation. One field names them besides, as a lead's phone number does.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

namespace simulator {

class Records {
public:
    // Past this many the oldest goes.
    static constexpr std::size_t records_max = 100'000;

    // `id` must be new. The reference holds until the next record is added.
    boost::json::object& add(
        const std::string& id, const std::string& name, boost::json::object record
    );

    boost::json::object* find(const std::string& id);  // nullptr where there is none
    bool has_name(const std::string& name) const { return names_.contains(name); }
    boost::json::array list() const;

private:
    struct Record {
        std::string name{};
        boost::json::object object{};
    };

    std::unordered_map<std::string, Record> by_id_;
    std::unordered_map<std::string, std::size_t> names_;  // how many records bear it
    std::deque<std::string> in_order_;
};

}  // namespace simulator
