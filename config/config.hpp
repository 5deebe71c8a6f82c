// The configuration as values. Every field's default is the product's default; config.toml in the
// documentation repeats them, and a test compares the two.
#pragma once

#include "policy/rules.hpp"
#include "policy/time.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace backstop::config {

using policy::Duration;

// Where to listen. "localhost:8080" is two addresses, 127.0.0.1 and ::1. "[::]" is all of IPv6 and
// no IPv4: a listener of an IPv6 address is opened for IPv6 only.
struct Address {
    std::string host{};  // IP address; empty for a Unix socket
    unsigned short port = 0;
    std::string unix_path{};   // "unix:/run/backstop/api.sock"
    std::string text() const;  // as a user would write it
    bool loopback() const;     // a Unix socket counts
    friend bool operator==(const Address&, const Address&) = default;
};

struct Admin {
    std::vector<Address> listen{};     // read only; 127.0.0.1:9464
    std::optional<Address> control{};  // a Unix socket, off by default
};

enum class LogLevel {
    debug,
    info,
    warn,
    error
};
enum class LogFormat {
    automatic,
    json,
    text
};
enum class AccessLog {
    all,
    errors,
    off
};
struct Log {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::automatic;
    AccessLog access = AccessLog::all;
};

struct Limits {
    int client_connections = 1024;
    std::size_t head_bytes = 16 * 1024;
    int fields = 100;
    std::size_t body_bytes = 0;  // 0: no limit
    std::size_t replay_memory = 16 << 20;
    Duration client_head = std::chrono::seconds(10);
    Duration client_body_idle = std::chrono::seconds(30);
    Duration client_idle = std::chrono::seconds(75);
    Duration client_write_idle = std::chrono::seconds(30);
};

struct Shutdown {
    Duration drain = std::chrono::seconds(25);
    Duration quiet = std::chrono::seconds(5);
};

struct Ledger {
    std::string file{};
    std::size_t max_bytes = 16 << 20;
};

// Where an upstream is: scheme, host, port, and the path that goes before the client's.
struct Target {
    bool tls = true;
    std::string host{};  // name or IP address without brackets
    unsigned short port = 443;
    std::string unix_path{};  // instead of host and port
    std::string base_path{};  // "" or "/v1", never with a trailing slash
    std::string authority{};  // the Host we send: port only where it is not the default
    friend bool operator==(const Target&, const Target&) = default;
};

// A CONNECT proxy through which the upstream is reached, from `proxy` or from HTTPS_PROXY.
struct EgressProxy {
    std::string host{};  // name or IP address without brackets
    unsigned short port = 80;
    std::string userinfo{};  // "user:password", decoded; empty: none
    friend bool operator==(const EgressProxy&, const EgressProxy&) = default;
};

struct Timeouts {  // deadline and attempt are in the routes
    Duration connect = std::chrono::seconds(2);
    Duration tls = std::chrono::seconds(3);
    Duration response_idle = std::chrono::seconds(90);
};

struct Pool {
    int connections = 128;
    Duration idle = std::chrono::seconds(4);
    Duration max_age = std::chrono::minutes(5);
    int warm = 0;
    friend bool operator==(const Pool&, const Pool&) = default;
};

struct Tls {
    std::string ca_file{};
    std::string cert_file{};
    std::string key_file{};
    std::string server_name{};
    std::string min_version = "1.2";  // "1.2" or "1.3"
    bool insecure_skip_verify = false;
    std::string digest{};  // of what the files held when they were read; empty: not yet read
    friend bool operator==(const Tls&, const Tls&) = default;
};

struct Credential {
    std::string file{};
    std::string header = "Authorization";
    std::string prefix = "Bearer ";
    bool allow_remote = false;
    friend bool operator==(const Credential&, const Credential&) = default;
};

struct IdempotencyStore {
    std::size_t store_bytes = 4 << 20;
    std::size_t entry_bytes = 64 * 1024;
    Duration ttl = std::chrono::hours(24);
};

// What came from ${}: the key, relative to its table ("tls.ca_file"), and the TOML that stands
// there in the file, references and all. effective() prints it instead of the value.
using Written = std::map<std::string, std::string>;

struct Upstream {
    std::string name{};
    std::vector<Address> listen{};
    std::string url{};  // as written, for people: ${} is not replaced in it
    Target target{};
    std::string dialect{};                // as written
    std::string proxy{};                  // as written, its userinfo made unreadable
    std::optional<EgressProxy> egress{};  // from `proxy`, else from HTTPS_PROXY and NO_PROXY
    policy::Rules rules{};                // everything that policy decides by
    Timeouts timeout{};
    std::size_t replay_body_bytes = 1 << 20;  // retry.body_bytes
    IdempotencyStore idempotency{};
    Pool pool{};
    Duration dns_ttl = std::chrono::seconds(30);
    Tls tls{};
    Credential credential{};
    Written written{};
};

struct Config {
    Admin admin{};
    Log log{};
    Limits limits{};
    Shutdown shutdown{};
    Ledger ledger{};
    std::vector<Upstream> upstreams{};
    Written written{};  // of everything but the upstreams
};

}  // namespace backstop::config
