#include "tests/config/guide.hpp"

#include "config/dialects.hpp"
#include "config/load.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace backstop::test {

using namespace std::chrono_literals;

policy::Moment guide_time() {
    constexpr std::chrono::seconds since_1970{1770552000};
    return {policy::Instant(1h), policy::WallTime(since_1970)};
}

std::shared_ptr<const policy::Dialect> builtin(std::string_view name) {
    const config::BuiltinDialect* const file = config::find_builtin_dialect(name);
    if (!file) throw std::runtime_error("no such dialect: " + std::string(name));
    const config::LoadedDialect loaded = config::load_dialect(file->toml, name);
    for (const config::Diagnostic& found : loaded.diagnostics)
        ADD_FAILURE() << to_string(found);
    if (!loaded.dialect) throw std::runtime_error("the dialect has mistakes");
    return loaded.dialect;
}

config::Upstream upstream_of(std::string_view dialect, std::string_view url) {
    const std::string text = "[[upstream]]\nname = \"api\"\nlisten = \"127.0.0.1:8080\"\nurl = \"" +
                             std::string(url) + "\"\ndialect = \"" + std::string(dialect) + "\"\n";
    const config::Loaded loaded = config::load(text, "test.toml", {});
    for (const config::Diagnostic& found : loaded.diagnostics)
        ADD_FAILURE() << to_string(found);
    if (!loaded.config) throw std::runtime_error("the config has mistakes");
    return loaded.config->upstreams.front();
}

policy::Classification classified(
    const policy::Dialect& dialect,
    int status,
    std::string_view body,
    const std::vector<policy::Field>& fields
) {
    const policy::ResponseHead head{.status = status, .fields = fields, .body = body};
    return policy::classify(dialect, head, policy::ClockOffset{}, guide_time());
}

policy::Classification timed_out(const policy::Dialect& dialect, bool written) {
    const policy::Failure failure{
        .stage = written ? policy::Stage::await_head : policy::Stage::connect,
        .kind = written ? policy::FailureKind::timeout : policy::FailureKind::connect,
        .written_any = written,
        .written_all = written,
    };
    return policy::classify(dialect, failure, policy::ClockOffset{}, guide_time());
}

const policy::Route& route_of(
    const config::Upstream& upstream, std::string_view method, std::string_view target
) {
    const policy::Rules& rules = upstream.rules;
    const policy::Route* const route =
        policy::find_route(rules.routes, rules.dialect->base_path, method, target);
    return route ? *route : rules.other;
}

std::string_view route_label(
    const config::Upstream& upstream, std::string_view method, std::string_view target
) {
    return route_of(upstream, method, target).label;
}

policy::LocalAnswer own_error(const config::Upstream& upstream, policy::Reason reason, int status) {
    const policy::Substitute substitute{
        .reason = reason, .fallback = nullptr, .status = status, .retry_after = 12s};
    const policy::RateLimitTracker::State limit{.limit = 100, .remaining = 0};
    const policy::LocalContext context{.now = guide_time(), .id = "backstop-1", .limit = &limit};
    return policy::answer(upstream.rules, substitute, context);
}

}  // namespace backstop::test
