#include "tests/simulator/resource_api.hpp"

#include "tests/simulator/iso_time.hpp"

#include <boost/json.hpp>

#include <memory>

namespace simulator {

namespace json = boost::json;

void ResourceApi::forget() {
    BearerApi::forget();
    records_.clear();
    furnished_.clear();
}

Records& ResourceApi::records(const std::string& account, std::string_view path) {
    if (furnished_.insert(account).second) furnish(account);
    return records_[{account, std::string(path)}];
}

void ResourceApi::serve(Collection given) {
    // Three routes look at it, for as long as the API lives.
    const auto collection = std::make_shared<const Collection>(std::move(given));
    const std::string_view path = collection->path;
    add_route(Route{
        .method = "GET", .path = std::string(path), .act = [this, path](const Call& call) {
            return success(200, records(call.account, path).list(), call.now);
        }});
    add_route(Route{
        .method = "POST",
        .path = std::string(path),
        .keyed = collection->keyed,
        .act = [this, collection](const Call& call) {
            const CheckedBody body = check_body(call.request.body, collection->wanted);
            return create(*collection, call, body);
        }});
    add_route(Route{
        .method = "GET",
        .path = std::string(path) + "/{}",
        .act = [this, collection](const Call& call) {
            const json::object* found =
                records(call.account, collection->path).find(call.ids.front());
            return found ? success(200, *found, call.now) : not_found(collection->noun, call.now);
        }});
}

Response ResourceApi::create(
    const Collection& collection, const Call& call, const CheckedBody& body
) {
    if (!body.good()) return invalid(body, call.now);
    if (collection.refuse) {
        if (std::optional<Response> refused = collection.refuse(call, body)) return *refused;
    }
    Records& all = records(call.account, collection.path);
    const std::string name = body.text(collection.named_by);
    if (collection.unique && conflicts() && all.has_name(name)) return taken(collection, call.now);
    const std::string id = new_id(collection.id_prefix);
    json::object record = body.fields;
    record["id"] = id;
    record["created_at"] = iso_time(call.now.wall);
    json::object& kept = all.add(id, name, std::move(record));
    std::vector<Effect> effects;
    if (!collection.effect.empty()) {
        effects.push_back(Effect{.name = std::string(collection.effect), .subject = name});
    }
    if (collection.created) collection.created(call, kept, effects);
    Response response = success(created_status(), kept, call.now);
    response.effects = std::move(effects);
    return response;
}

std::optional<Response> ResourceApi::unless_known(
    const Call& call,
    const CheckedBody& body,
    std::string_view field,
    std::string_view path,
    std::string_view noun
) {
    if (records(call.account, path).find(body.text(field))) return std::nullopt;
    return not_found(noun, call.now);
}

}  // namespace simulator
