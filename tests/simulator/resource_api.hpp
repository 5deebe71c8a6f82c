#pragma once

// An API of resources: each collection is listed, created and read in the same way, and what
// differs is a table. An API that derives from this adds its collections and its words.
//
// A creation is looked at in this order, after what bearer_api.hpp looks at: the body, the
// collection's own rule, a duplicate.

#include "tests/simulator/bearer_api.hpp"
#include "tests/simulator/body_check.hpp"
#include "tests/simulator/records.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

class ResourceApi : public BearerApi {
public:
    void forget() override;

protected:
    struct Collection {
        std::string_view path;       // "/v1/agents"
        std::string_view noun;       // "Agent"
        std::string_view id_prefix;  // "agent_"
        std::vector<Wanted> wanted{};
        std::string_view named_by;  // the field that names a record and its effect
        std::string_view effect;    // agents_created
        bool unique = false;        // a name is taken once
        bool keyed = false;         // its creation honours idempotency keys
        // A rule of its own: the answer that refuses.
        std::function<std::optional<Response>(const Call&, const CheckedBody&)> refuse{};
        // What else a creation brings about; may add to the record and to the effects.
        std::function<void(const Call&, boost::json::object& record, std::vector<Effect>&)>
            created{};
    };

    ResourceApi(Traits traits, std::uint64_t seed) : BearerApi(std::move(traits), seed) {}

    void serve(Collection collection);  // adds GET and POST of the path, and GET of path/{}
    Response create(const Collection& collection, const Call& call, const CheckedBody& body);
    Records& records(const std::string& account, std::string_view path);

    // Refuses unless a record has the id that the body's `field` tells.
    std::optional<Response> unless_known(
        const Call& call,
        const CheckedBody& body,
        std::string_view field,
        std::string_view path,
        std::string_view noun
    );

    // The API's words.
    virtual Response success(int status, boost::json::value data, Moment now) = 0;
    virtual Response not_found(std::string_view noun, Moment now) = 0;
    virtual Response taken(const Collection& collection, Moment now) = 0;
    virtual Response invalid(const CheckedBody& body, Moment now) = 0;
    virtual int created_status() const = 0;

    // Called once for each account, before it is served: what it has from the beginning.
    virtual void furnish(const std::string&) {}

private:
    std::map<std::pair<std::string, std::string>, Records> records_;  // by account and path
    std::set<std::string> furnished_;
};

}  // namespace simulator
