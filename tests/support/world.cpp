#include "tests/support/world.hpp"

namespace backstop::test {
namespace {

using policy::DelayFormat;
using policy::Source;

Source header(std::string name) {
    return {Source::Place::header, std::move(name), {}};
}

Source json(std::string pointer) {
    return {Source::Place::json, std::move(pointer), {}};
}

policy::Rules rules_from(const Settings& settings) {
    policy::Rules rules;
    rules.upstream = "plain";
    rules.dialect = std::make_shared<policy::Dialect>(settings.dialect);
    rules.mode = settings.mode;
    rules.retry = settings.retry;
    rules.breaker = settings.breaker;
    rules.gate = settings.gate;
    rules.pacer = settings.pacer;
    rules.fallbacks = settings.fallbacks;
    rules.other = settings.route;
    return rules;
}

}  // namespace

policy::Dialect plain_dialect() {
    policy::Dialect dialect;
    dialect.name = "plain";
    dialect.key_header = "Idempotency-Key";
    dialect.delays = {
        {header("retry-after"), DelayFormat::seconds_or_date, {}},
        {json("/retry_after"), DelayFormat::seconds, {}},
        {header("x-ratelimit-reset"), DelayFormat::epoch_seconds, {429}},
    };
    policy::LimitShape minute;
    minute.limit = {header("x-ratelimit-limit")};
    minute.remaining = {header("x-ratelimit-remaining")};
    dialect.limits = {minute};
    dialect.quota.remaining = {header("x-quota-remaining")};
    dialect.quota.reason = {json("/reason")};
    dialect.quota.reasons = {"trial_expired"};
    dialect.error.code = {json("/code")};
    dialect.error.request_id = {json("/request_id")};
    return dialect;
}

policy::Route plain_route() {
    policy::Route route;
    route.deadline = std::chrono::seconds(60);
    route.attempt = std::chrono::seconds(10);
    route.attempts = 3;
    return route;
}

policy::Fallback fallback_on(std::vector<policy::Reason> reasons) {
    policy::Fallback fallback;
    fallback.on = std::move(reasons);
    return fallback;
}

World::World(Settings chosen)
    : settings(std::move(chosen)), rules(rules_from(settings)), standing(rules) {}

void World::rolls(std::vector<double> numbers) {
    rolls_.assign(numbers.begin(), numbers.end());
}

policy::Roll World::roll() {
    return [this] {
        if (rolls_.empty()) return 0.0;
        const double next = rolls_.front();
        rolls_.pop_front();
        return next;
    };
}

policy::Gate& World::gate() {
    return standing.limits(rules.other.scope, 0).gate;
}

policy::RateLimitTracker& World::limits() {
    return standing.limits(rules.other.scope, 0).limits;
}

}  // namespace backstop::test
