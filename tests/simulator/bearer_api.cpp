#include "tests/simulator/bearer_api.hpp"

#include "tests/simulator/digest.hpp"
#include "tests/simulator/reason_phrase.hpp"

#include <utility>

namespace simulator {
namespace {

constexpr std::string_view scheme = "Bearer ";

// Whether the path is of that form; `ids` is then what stands for each {}.
bool matches(std::string_view path, std::string_view form, std::vector<std::string>& ids) {
    constexpr std::string_view any = "{}";
    ids.clear();
    while (!form.empty()) {
        if (!form.starts_with(any)) {
            if (!path.starts_with(form.front())) return false;
            path.remove_prefix(1);
            form.remove_prefix(1);
            continue;
        }
        const std::string_view id = path.substr(0, path.find('/'));
        if (id.empty()) return false;
        ids.emplace_back(id);
        path.remove_prefix(id.size());
        form.remove_prefix(any.size());
    }
    return path.empty();
}

}  // namespace

void add_field(Response& response, std::string_view name, std::string value) {
    if (find_field(response.fields, name)) return;
    response.fields.push_back(Field{.name = std::string(name), .value = std::move(value)});
}

BearerApi::BearerApi(Traits traits, std::uint64_t seed)
    : traits_(std::move(traits)), random_(seed) {
    const std::string prefix(traits_.key_prefix);
    settings_.keys[prefix + "test_valid"] = "org_default";
    settings_.revoked.insert(prefix + "test_revoked");
    if (traits_.restricted_keys) {
        settings_.keys[prefix + "test_restricted"] = "org_default";
        settings_.restricted.insert(prefix + "test_restricted");
    }
}

Response BearerApi::answer(const Request& request, Moment now) {
    Response response = admitted(request, now);
    finish(response, account_of(request), now);
    return response;
}

Response BearerApi::admitted(const Request& request, Moment now) {
    Call call{.request = request, .account = account_of(request), .now = now};
    const Route* route = find_route(request, call.ids);
    if (!route) {
        const std::string allowed = methods_of(request);
        if (allowed.empty()) return refused(Refusal::no_route, request, now);
        Response response = refused(Refusal::wrong_method, request, now);
        add_field(response, "Allow", allowed);
        return response;
    }
    if (route->open) return route->act(call);
    if (const auto refusal = key_refused(request)) return refused(*refusal, request, now);
    if (settings_.limits) {
        const Usage usage = usage_of(call.account, now);
        if (usage.used >= usage.limit * (100 + traits_.grace_percent) / 100) {
            on_breach(request, now);
            return too_many(usage, now);
        }
        account(call.account).window.add(now.steady);
    }
    return act(*route, call);
}

Response BearerApi::act(const Route& route, const Call& call) {
    const std::string* key = find_field(call.request.fields, idempotency_header());
    const bool honoured = route.keyed && settings_.honour_keys;
    if (!honoured || !key || key->empty()) return route.act(call);
    StoredAnswers& answers = account(call.account).answers;
    const std::string scoped = std::string(call.request.path()) + " " + *key;
    const std::string digest = sha256_hex(call.request.body);
    if (const StoredAnswer* stored = answers.find(scoped, call.now.steady)) {
        if (stored->body_digest != digest && !same_key_any_body()) {
            return refused(Refusal::key_reused, call.request, call.now);
        }
        return Response{.status = stored->status, .body = stored->body, .note = "replayed"};
    }
    Response response = route.act(call);
    if (response.status < 300) {
        answers.store(
            scoped,
            StoredAnswer{
                .at = call.now.steady,
                .body_digest = digest,
                .status = response.status,
                .body = response.body}
        );
    }
    return response;
}

Response BearerApi::error(int status, const Request& request, Moment now) {
    if (status == 429) return rate_limited(std::chrono::seconds(30), request, now);
    Response response = worded(status, now);
    finish(response, account_of(request), now);
    return response;
}

Response BearerApi::rate_limited(
    std::chrono::seconds retry_after, const Request& request, Moment now
) {
    const std::int64_t limit = base_limit();
    const std::int64_t used = limit * (100 + traits_.grace_percent) / 100;
    const Usage usage{.limit = limit, .used = used, .reset_in = retry_after};
    Response response = too_many(usage, now);
    finish(response, account_of(request), now);
    return response;
}

const BearerApi::Route* BearerApi::find_route(const Request& request, std::vector<std::string>& ids)
    const {
    const std::string method = request.method == "HEAD" ? "GET" : request.method;
    for (const Route& route : routes_) {
        if (route.method == method && matches(request.path(), route.path, ids)) {
            return &route;
        }
    }
    return nullptr;
}

// "GET, POST"; empty where the path has no route at all.
std::string BearerApi::methods_of(const Request& request) const {
    std::string methods;
    std::vector<std::string> ignored;
    for (const Route& route : routes_) {
        if (!matches(request.path(), route.path, ignored)) continue;
        methods += (methods.empty() ? "" : ", ") + std::string(route.method);
    }
    return methods;
}

std::string BearerApi::presented_key(const Request& request) const {
    const std::string* authorization = find_field(request.fields, "Authorization");
    if (!authorization || !authorization->starts_with(scheme)) return {};
    return authorization->substr(scheme.size());
}

std::string BearerApi::account_of(const Request& request) const {
    const std::string key = presented_key(request);
    const auto found = settings_.keys.find(key);
    return found == settings_.keys.end() || settings_.revoked.contains(key) ? "" : found->second;
}

std::optional<BearerApi::Refusal> BearerApi::key_refused(const Request& request) const {
    const std::string key = presented_key(request);
    if (key.empty()) return Refusal::no_key;
    if (settings_.revoked.contains(key)) return Refusal::revoked_key;
    if (!settings_.keys.contains(key)) return Refusal::unknown_key;
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (!reads && settings_.restricted.contains(key)) return Refusal::restricted_key;
    return std::nullopt;
}

BearerApi::Usage BearerApi::usage_of(const std::string& name, Moment now) {
    Usage usage{.limit = base_limit(), .used = 0, .reset_in = settings_.window};
    if (name.empty() || !settings_.limits) return usage;
    RateWindow& rate = account(name).window;
    usage.used = rate.usage(now.steady, settings_.window);
    if (usage.used > 0) usage.reset_in = rate.until_oldest_leaves(now.steady, settings_.window);
    return usage;
}

BearerApi::Account& BearerApi::account(const std::string& name) {
    return accounts_.try_emplace(name, traits_.window).first->second;
}

std::string BearerApi::code_word(int status) {
    std::string word(reason_phrase(status));
    for (char& letter : word) {
        if (letter == ' ' || letter == '-') letter = '_';
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return word;
}

std::string BearerApi::new_id(std::string_view prefix) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string id(prefix);
    std::uint64_t bits = random_();
    for (int count = 0; count < 12; ++count, bits >>= 4)
        id += digits[bits & 15];
    return id;
}

}  // namespace simulator
