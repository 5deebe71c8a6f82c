// Reads one [[upstream]].
#pragma once

#include "config/config.hpp"
#include "config/load.hpp"
#include "config/reader.hpp"
#include "policy/dialect.hpp"

#include <map>
#include <memory>
#include <string>

namespace backstop::config {

// The dialects of one config, each read once.
class Dialects {
public:
    explicit Dialects(const Surroundings& surroundings) : surroundings_(surroundings) {}

    // The dialect that the reader's key `dialect` names with `word`. Null if there is none or it
    // has mistakes; both are reported, once.
    std::shared_ptr<const policy::Dialect> find(Reader& reader, const std::string& word);

private:
    const Surroundings& surroundings_;
    std::map<std::string, std::shared_ptr<const policy::Dialect>> known_{};
};

// With mistakes the result is as good as can be, for the checks that follow.
Upstream read_upstream(Reader& reader, Dialects& dialects, const Surroundings& surroundings);

// The addresses of a `listen` or `control`.
std::vector<Address> read_addresses(Reader& reader, std::string_view key);

}  // namespace backstop::config
