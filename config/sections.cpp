#include "config/sections.hpp"

#include <chrono>
#include <limits>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;
using policy::Duration;

constexpr std::size_t kib = std::size_t{1} << 10U;
constexpr std::size_t mib = std::size_t{1} << 20U;
constexpr std::size_t gib = std::size_t{1} << 30U;
constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();

void describe(Fields& fields, Log& log) {
    fields.choice("level", log.level, {"debug", "info", "warn", "error"});
    fields.choice("format", log.format, {"auto", "json", "text"});
    fields.choice("access", log.access, {"all", "errors", "off"});
}

void describe(Fields& fields, Limits& limits) {
    fields.count("client_connections", limits.client_connections, 1, 1'000'000);
    fields.size("head_bytes", limits.head_bytes, 1 * kib, 1 * mib);
    fields.count("fields", limits.fields, 10, 10'000);
    fields.size("body_bytes", limits.body_bytes, 0, any_size);
    fields.size("replay_memory", limits.replay_memory, 0, 64 * gib);
    fields.duration("client_head", limits.client_head, 1ms, longest_wait);
    fields.duration("client_body_idle", limits.client_body_idle, 1ms, longest_wait);
    fields.duration("client_idle", limits.client_idle, 1ms, longest_wait);
    fields.duration("client_write_idle", limits.client_write_idle, 1ms, longest_wait);
}

void describe(Fields& fields, Shutdown& shutdown) {
    fields.duration("drain", shutdown.drain, 0s, longest_wait);
    fields.duration("quiet", shutdown.quiet, 0s, longest_wait);
}

void describe(Fields& fields, Ledger& ledger) {
    fields.text("file", ledger.file);
    fields.size("max_bytes", ledger.max_bytes, 4 * kib, 64 * gib);
}

void describe_timeout(Fields& fields, Upstream& upstream) {
    policy::Route& other = upstream.rules.other;
    fields.duration("deadline", other.deadline, 1ms, longest_wait);
    fields.duration("attempt", other.attempt, 1ms, longest_wait);
    fields.duration("connect", upstream.timeout.connect, 1ms, 1h);
    fields.duration("tls", upstream.timeout.tls, 1ms, 1h);
    fields.duration("response_idle", upstream.timeout.response_idle, 1ms, longest_wait);
}

void describe(Fields& fields, policy::Backoff::Options& backoff) {
    fields.duration("base", backoff.base, 1ms, 1h);
    fields.number("factor", backoff.factor, 1, 10);
    fields.duration("max", backoff.max, 1ms, longest_wait);
    fields.duration("jitter", backoff.jitter, 0s, 1h);
}

void describe(Fields& fields, policy::RetryBudget::Options& budget) {
    fields.number("ratio", budget.ratio, 0, 1);
    fields.number("per_second", budget.per_second, 0, 10'000);
    fields.duration("window", budget.window, 1s, 10min);
}

void describe_retry(Fields& fields, Upstream& upstream) {
    policy::RetryOptions& retry = upstream.rules.retry;
    fields.count("attempts", upstream.rules.other.attempts, 1, 10);
    fields.choice("unsafe", retry.unsafe, {"never", "keyed", "always"});
    fields.duration("max_wait", retry.max_wait, 0s, longest_wait);
    fields.size("body_bytes", upstream.replay_body_bytes, 0, 1 * gib);
    fields.table("backoff", [&](Fields& inner) { describe(inner, retry.backoff); });
    fields.table("budget", [&](Fields& inner) { describe(inner, retry.budget); });
}

void describe(Fields& fields, policy::CircuitBreaker::Options& breaker) {
    fields.flag("enabled", breaker.enabled);
    fields.count("consecutive_failures", breaker.consecutive_failures, 1, 10'000);
    fields.number("failure_ratio", breaker.failure_ratio, 0.01, 1);
    fields.duration("window", breaker.window, 1s, 1h);
    fields.count("min_attempts", breaker.min_attempts, 1, 1'000'000);
    fields.duration("open", breaker.open, 1ms, 1h);
    fields.duration("max_open", breaker.max_open, 1ms, longest_wait);
}

void describe_rate_limit(Fields& fields, policy::Rules& rules) {
    fields.flag("gate", rules.gate.enabled);
    fields.count("queue", rules.gate.queue, 0, 100'000);
    fields.flag("pace", rules.pacer.enabled);
    fields.number("pace_above", rules.pacer.above, 0, 1);
    fields.number("pace_below", rules.pacer.below, 0, 1'000'000'000);
    fields.duration("max_pace_delay", rules.pacer.max_delay, 0s, 1h);
}

void describe_idempotency(Fields& fields, Upstream& upstream) {
    fields.flag("enabled", upstream.rules.keys);
    fields.flag("derive", upstream.rules.derive_keys);
    fields.size("store_bytes", upstream.idempotency.store_bytes, 0, 64 * gib);
    fields.size("entry_bytes", upstream.idempotency.entry_bytes, 0, 1 * gib);
    fields.duration("ttl", upstream.idempotency.ttl, 1s, 30 * 24h);
}

void describe(Fields& fields, Pool& pool) {
    fields.count("connections", pool.connections, 1, 65'535);
    fields.duration("idle", pool.idle, 0s, longest_wait);
    fields.duration("max_age", pool.max_age, 1s, longest_wait);
    fields.count("warm", pool.warm, 0, 65'535);
}

void describe(Fields& fields, Tls& tls) {
    enum class Version {
        v12,
        v13
    };
    fields.text("ca_file", tls.ca_file);
    fields.text("cert_file", tls.cert_file);
    fields.text("key_file", tls.key_file);
    fields.text("server_name", tls.server_name);
    Version version = tls.min_version == "1.3" ? Version::v13 : Version::v12;
    fields.choice("min_version", version, {"1.2", "1.3"});
    tls.min_version = version == Version::v13 ? "1.3" : "1.2";
    fields.flag("insecure_skip_verify", tls.insecure_skip_verify);
}

void describe(Fields& fields, Credential& credential) {
    fields.text("file", credential.file);
    fields.text("header", credential.header);
    fields.text("prefix", credential.prefix);
    fields.flag("allow_remote", credential.allow_remote);
}

}  // namespace

void describe_top_level(Fields& fields, Config& config) {
    fields.table("log", [&](Fields& inner) { describe(inner, config.log); });
    fields.table("limits", [&](Fields& inner) { describe(inner, config.limits); });
    fields.table("shutdown", [&](Fields& inner) { describe(inner, config.shutdown); });
    fields.table("ledger", [&](Fields& inner) { describe(inner, config.ledger); });
}

void describe_upstream(Fields& fields, Upstream& upstream) {
    policy::Rules& rules = upstream.rules;
    fields.choice("mode", rules.mode, {"act", "observe"});
    fields.table("timeout", [&](Fields& inner) { describe_timeout(inner, upstream); });
    fields.table("retry", [&](Fields& inner) { describe_retry(inner, upstream); });
    fields.table("breaker", [&](Fields& inner) { describe(inner, rules.breaker); });
    fields.table("rate_limit", [&](Fields& inner) { describe_rate_limit(inner, rules); });
    fields.table("idempotency", [&](Fields& inner) { describe_idempotency(inner, upstream); });
    fields.table("fallback", [&](Fields& inner) { inner.flag("enabled", rules.fallbacks); });
    fields.table("pool", [&](Fields& inner) { describe(inner, upstream.pool); });
    fields.table("dns", [&](Fields& inner) {
        inner.duration("ttl", upstream.dns_ttl, 0s, longest_wait);
    });
    fields.table("tls", [&](Fields& inner) { describe(inner, upstream.tls); });
    fields.table("credential", [&](Fields& inner) { describe(inner, upstream.credential); });
}

}  // namespace backstop::config
