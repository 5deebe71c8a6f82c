#include "config/checks.hpp"

#include "config/address.hpp"
#include "config/names.hpp"
#include "config/units.hpp"
#include "policy/message.hpp"

#include <algorithm>
#include <utility>

namespace backstop::config {
namespace {

// Reports where a value is larger than another one that bounds it. Only a value that the file
// itself sets is a mistake of its writer; `smaller` may be a default.
template <typename Value, typename Print>
void check_order(
    Reader& reader,
    std::string_view smaller_key,
    const Value& smaller,
    std::string_view larger_key,
    const Value& larger,
    Print print
) {
    if (smaller <= larger || !reader.sound(smaller_key) || !reader.sound(larger_key)) return;
    const bool blame_smaller = reader.has(smaller_key) || !reader.has(larger_key);
    reader.error(
        blame_smaller ? smaller_key : larger_key,
        std::string(smaller_key) + " (" + reader.shown(smaller_key, print(smaller)) +
            ") is more than " + std::string(larger_key) + " (" +
            reader.shown(larger_key, print(larger)) + ")"
    );
}

std::string print_count(int value) {
    return std::to_string(value);
}

void check_replay(Reader& root, Reader& retry, std::size_t one_body, std::size_t all_bodies) {
    if (one_body <= all_bodies) return;
    Reader limits = root.subtable("limits");
    if (!retry.sound("body_bytes") || !limits.sound("replay_memory")) return;
    const bool blame_one = retry.has("body_bytes");
    (blame_one ? retry : limits)
        .error(
            blame_one ? "body_bytes" : "replay_memory",
            "retry.body_bytes (" + retry.shown("body_bytes", print_size(one_body)) +
                ", of one request) is more than limits.replay_memory (" +
                limits.shown("replay_memory", print_size(all_bodies)) + ", of all)"
        );
}

void check_retry(Reader& root, Reader& reader, const Upstream& upstream, const Config& config) {
    Reader retry = reader.subtable("retry");
    const policy::RetryOptions& options = upstream.rules.retry;
    Reader backoff = retry.subtable("backoff");
    check_order(backoff, "base", options.backoff.base, "max", options.backoff.max, print_duration);
    check_replay(root, retry, upstream.replay_body_bytes, config.limits.replay_memory);
    if (options.unsafe == policy::Unsafe::always)
        retry.warning(
            "unsafe",
            "a write whose outcome is unknown is sent again: what it does may be done twice"
        );
    if (options.unsafe == policy::Unsafe::never && upstream.rules.derive_keys)
        retry.warning("unsafe", "keys are sent, but with 'never' no retry relies on them");
}

// Nothing is kept for clients' own keys yet; who sets how much and how long believes otherwise.
void warn_of_unused_store(Reader& idempotency, const IdempotencyStore& store) {
    const IdempotencyStore usual;
    const auto warn_if = [&](bool changed, std::string_view key) {
        if (changed)
            idempotency.warning(
                key,
                "has no effect: answers to clients' own keys are not kept, each goes to the API"
            );
    };
    warn_if(store.store_bytes != usual.store_bytes, "store_bytes");
    warn_if(store.entry_bytes != usual.entry_bytes, "entry_bytes");
    warn_if(store.ttl != usual.ttl, "ttl");
}

void check_idempotency(Reader& reader, const Upstream& upstream) {
    Reader idempotency = reader.subtable("idempotency");
    warn_of_unused_store(idempotency, upstream.idempotency);
    check_order(
        idempotency,
        "entry_bytes",
        upstream.idempotency.entry_bytes,
        "store_bytes",
        upstream.idempotency.store_bytes,
        print_size
    );
    if (!upstream.rules.derive_keys) return;
    if (!upstream.rules.keys)
        return idempotency.error("derive", "no key is derived with 'enabled = false'");
    const std::vector<policy::Route>& routes = upstream.rules.routes;
    const bool derivable =
        std::any_of(routes.begin(), routes.end(), [](const policy::Route& route) {
            return route.keyed && !route.natural_id.empty();
        });
    if (!derivable)
        idempotency.warning("derive", "has no effect: no route has 'keyed' and a 'natural_id'");
}

void check_tls(Reader& reader, const Upstream& upstream) {
    Reader tls = reader.subtable("tls");
    if (upstream.tls.cert_file.empty() && !upstream.tls.key_file.empty())
        tls.error("key_file", "needs cert_file, the certificate that belongs to the key");
    if (upstream.tls.key_file.empty() && !upstream.tls.cert_file.empty())
        tls.error("cert_file", "needs key_file, the key that belongs to the certificate");
    if (upstream.tls.insecure_skip_verify)
        tls.warning(
            "insecure_skip_verify",
            "the upstream's certificate is not verified: anybody on the way can read and answer"
        );
    const bool reached = !upstream.target.host.empty() || !upstream.target.unix_path.empty();
    if (tls.exists() && reached && !upstream.target.tls)
        tls.warning("", "has no effect: the url is not https");
}

void check_credential(Reader& reader, const Upstream& upstream) {
    Reader credential = reader.subtable("credential");
    const std::string& header = upstream.credential.header;
    if (std::string problem = credential_header_problem(header); !problem.empty())
        credential.error("header", std::move(problem));
    if (upstream.credential.file.empty()) {
        if (credential.exists() && !credential.has("file"))
            credential.warning("", "has no effect without 'file'");
        return;
    }
    const policy::Dialect& dialect = *upstream.rules.dialect;
    if (policy::equal_ignoring_case(header, dialect.key_header))
        credential.error(
            "header",
            "is where the dialect '" + dialect.name +
                "' puts idempotency keys; the API reads its credential from another field"
        );
    const auto remote =
        std::find_if(upstream.listen.begin(), upstream.listen.end(), [](const Address& address) {
            return !address.loopback();
        });
    if (remote != upstream.listen.end() && !upstream.credential.allow_remote)
        reader.error(
            "listen",
            "whoever reaches " + reader.shown("listen", remote->text()) +
                " could use the injected credential; listen on loopback, or set "
                "credential.allow_remote = true"
        );
    const Target& target = upstream.target;
    const bool local = !target.unix_path.empty() || target.host == "localhost" ||
                       Address{.host = target.host}.loopback();
    if (!target.tls && !target.host.empty() && !local)
        credential.warning(
            "file", "the url is not https: the credential crosses the network in clear"
        );
}

void check_pool(Reader& reader, const Upstream& upstream) {
    Reader pool = reader.subtable("pool");
    check_order(
        pool, "warm", upstream.pool.warm, "connections", upstream.pool.connections, print_count
    );
}

void check_names(std::vector<Reader>& readers, const Config& config) {
    for (std::size_t i = 0; i < config.upstreams.size(); ++i)
        for (std::size_t before = 0; before < i; ++before) {
            const std::string& name = config.upstreams[i].name;
            if (name.empty() || name != config.upstreams[before].name) continue;
            const std::size_t line = readers[before].at("name").line;
            readers[i].error(
                "name", "there is already an upstream of this name, in line " + std::to_string(line)
            );
            break;
        }
}

struct Listener {
    Reader* reader;
    std::string_view key;
    Address address;

    std::string path() const { return member_path(reader->path(), key); }
};

// In the order in which they are blamed: the admin listener has a default, so that what takes its
// place is the mistake.
std::vector<Listener> all_listeners(
    Reader& admin, std::vector<Reader>& readers, const Config& config
) {
    std::vector<Listener> listeners;
    for (const Address& address : config.admin.listen)
        listeners.push_back({&admin, "listen", address});
    if (config.admin.control) listeners.push_back({&admin, "control", *config.admin.control});
    for (std::size_t i = 0; i < config.upstreams.size(); ++i)
        for (const Address& address : config.upstreams[i].listen)
            listeners.push_back({&readers[i], "listen", address});
    return listeners;
}

void check_listeners(const std::vector<Listener>& listeners) {
    for (auto listener = listeners.begin(); listener != listeners.end(); ++listener) {
        const auto taken = std::find_if(listeners.begin(), listener, [&](const Listener& before) {
            return overlap(before.address, listener->address);
        });
        if (taken == listener) continue;
        const std::string address = listener->address.text();
        listener->reader->error(
            listener->key,
            listener->reader->shown(listener->key, address) + " is taken: " + taken->path() +
                " listens on " + taken->reader->shown(taken->key, taken->address.text())
        );
    }
}

// An upstream that is one of our own listeners would call itself without end.
void check_loops(
    const std::vector<Listener>& listeners, std::vector<Reader>& readers, const Config& config
) {
    for (std::size_t i = 0; i < config.upstreams.size(); ++i) {
        const Target& target = config.upstreams[i].target;
        const std::string& host = target.host;
        const Address called{
            host == "localhost" ? "127.0.0.1" : host, target.port, target.unix_path};
        if (called.host.empty() && called.unix_path.empty()) continue;
        const auto self =
            std::find_if(listeners.begin(), listeners.end(), [&](const Listener& ours) {
                return overlap(ours.address, called);
            });
        if (self != listeners.end())
            readers[i].error(
                "url", "leads back to backstop itself: " + self->path() + " listens there"
            );
    }
}

void check_upstream(Reader& root, Reader& reader, const Upstream& upstream, const Config& config) {
    check_retry(root, reader, upstream, config);
    Reader breaker = reader.subtable("breaker");
    const policy::CircuitBreaker::Options& options = upstream.rules.breaker;
    check_order(breaker, "open", options.open, "max_open", options.max_open, print_duration);
    check_idempotency(reader, upstream);
    check_tls(reader, upstream);
    check_credential(reader, upstream);
    check_pool(reader, upstream);
}

}  // namespace

void check_config(Reader& root, std::vector<Reader>& readers, const Config& config) {
    Reader shutdown = root.subtable("shutdown");
    check_order(
        shutdown, "quiet", config.shutdown.quiet, "drain", config.shutdown.drain, print_duration
    );
    check_names(readers, config);
    Reader admin = root.subtable("admin");
    const std::vector<Listener> listeners = all_listeners(admin, readers, config);
    check_listeners(listeners);
    check_loops(listeners, readers, config);
    for (std::size_t i = 0; i < config.upstreams.size(); ++i)
        check_upstream(root, readers[i], config.upstreams[i], config);
}

}  // namespace backstop::config
