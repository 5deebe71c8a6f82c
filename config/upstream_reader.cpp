#include "config/upstream_reader.hpp"

#include "config/address.hpp"
#include "config/dialects.hpp"
#include "config/names.hpp"
#include "config/route_reader.hpp"
#include "config/routes.hpp"
#include "config/sections.hpp"
#include "config/target.hpp"
#include "config/units.hpp"
#include "config/written.hpp"

#include <algorithm>
#include <utility>

namespace backstop::config {
namespace {

// A value as it may be shown to people.
std::string as_written(Reader& reader, std::string_view key) {
    const Node* const node = reader.find(key);
    if (!node || node->kind != Node::Kind::text) return {};
    return node->written.empty() ? node->text : node->written;
}

void read_name(Reader& reader, Upstream& upstream) {
    const auto name =
        reader.required_text("name", "one word for logs and metrics, such as \"crm\"");
    if (!name) return;
    if (is_word(*name))
        upstream.name = *name;
    else
        reader.error("name", std::string(word_expected));
    upstream.rules.upstream = upstream.name;
}

void read_listen(Reader& reader, Upstream& upstream) {
    upstream.listen = read_addresses(reader, "listen");
    const Node* const node = reader.find("listen");
    const std::string what = "where your application calls, such as \"127.0.0.1:8080\"";
    if (!node) reader.error("", "the key 'listen' is missing: " + what);
    if (node && node->kind == Node::Kind::array && node->items.empty())
        reader.error("listen", "must not be empty: " + what);
}

void read_url(Reader& reader, Upstream& upstream) {
    const auto url =
        reader.required_text("url", "where the API is, such as \"https://api.example.com\"");
    if (!url) return;
    ParsedTarget parsed = parse_target(*url);
    if (!parsed.problem.empty()) reader.error("url", parsed.problem);
    upstream.target = std::move(parsed.target);
    upstream.url = as_written(reader, "url");
}

std::optional<std::string> variable(
    const Surroundings& surroundings, const std::string& upper, const std::string& lower
) {
    if (!surroundings.environment) return std::nullopt;
    if (auto value = surroundings.environment(upper); value && !value->empty()) return value;
    return surroundings.environment(lower);
}

void read_proxy(Reader& reader, const Surroundings& surroundings, Upstream& upstream) {
    std::string proxy;
    reader.text("proxy", proxy);
    upstream.proxy = redact_userinfo(as_written(reader, "proxy"));
    std::string source;
    if (proxy.empty() && upstream.target.tls) {
        const std::string excepted = variable(surroundings, "NO_PROXY", "no_proxy").value_or("");
        if (excepted_from_proxy(excepted, upstream.target)) return;
        proxy = variable(surroundings, "HTTPS_PROXY", "https_proxy").value_or("");
        if (!proxy.empty() && proxy.find("://") == std::string::npos) proxy.insert(0, "http://");
        source = "HTTPS_PROXY in the environment: ";
    }
    if (proxy.empty()) return;
    ParsedProxy parsed = parse_proxy(proxy);
    if (!parsed.problem.empty())
        reader.error("proxy", source + parsed.problem);
    else if (!upstream.target.unix_path.empty())
        reader.error("proxy", "a Unix socket is not reached through a proxy");
    else
        upstream.egress = std::move(parsed.proxy);
}

void read_dialect(Reader& reader, Dialects& dialects, Upstream& upstream) {
    const auto word = reader.required_text(
        "dialect",
        "how the API speaks: a built-in one, such as \"http\", or the path of a TOML file"
    );
    if (!word) return;
    upstream.dialect = as_written(reader, "dialect");
    upstream.rules.dialect = dialects.find(reader, *word);
    if (!upstream.rules.dialect) return;
    const policy::Dialect& dialect = *upstream.rules.dialect;
    if (dialect.deadline) upstream.rules.other.deadline = *dialect.deadline;
    if (dialect.attempt) upstream.rules.other.attempt = *dialect.attempt;
}

void read_written(const Node& node, const policy::Dialect& dialect, Upstream& upstream) {
    Node settings = node;
    std::erase_if(settings.members, [](const Node& member) { return member.key == "route"; });
    collect_written(settings, "", upstream.written);
    // Userinfo is not shown either way.
    if (const auto proxy = upstream.written.find("proxy"); proxy != upstream.written.end())
        proxy->second = toml_text(upstream.proxy);
    const Node* const routes = node.find("route");
    if (!routes) return;
    for (const Node& route : routes->items) {
        const Node* const match = route.find("match");
        if (!match) continue;
        const ParsedMatch parsed = parse_match(match->text);
        if (!parsed.problem.empty()) continue;
        const std::string prefix =
            route_prefix(to_string(without_base_path(parsed.match, dialect.base_path)));
        collect_written(route, prefix, upstream.written);
    }
}

}  // namespace

std::shared_ptr<const policy::Dialect> Dialects::find(Reader& reader, const std::string& word) {
    if (const auto found = known_.find(word); found != known_.end()) return found->second;
    LoadedDialect loaded =
        find_dialect(word, as_written(reader, "dialect"), surroundings_.read_file);
    bool of_file = false;
    for (Diagnostic& found : loaded.diagnostics) {
        of_file = of_file || !found.file.empty();
        if (found.file.empty()) reader.error("dialect", std::move(found.message));
    }
    if (of_file) reader.report().add(std::move(loaded.diagnostics));
    if (of_file && !loaded.dialect) reader.error("dialect", "this dialect has mistakes");
    return known_[word] = std::move(loaded.dialect);
}

std::vector<Address> read_addresses(Reader& reader, std::string_view key) {
    std::vector<Address> addresses;
    std::vector<std::string> texts;
    reader.texts(key, texts);
    for (const std::string& text : texts) {
        ParsedAddress parsed = parse_address(text);
        if (!parsed.problem.empty())
            reader.error(key, parsed.problem + ", found " + describe_found(*reader.find(key)));
        for (Address& address : parsed.addresses)
            addresses.push_back(std::move(address));
    }
    return addresses;
}

namespace {

// An attempt longer than the deadline is a mistake of whoever wrote it; one that was not written is
// shortened.
void settle_timeouts(Reader& reader, policy::Route& other) {
    Reader timeout = reader.subtable("timeout");
    const bool sound = timeout.sound("attempt") && timeout.sound("deadline");
    if (sound && timeout.has("attempt") && other.attempt > other.deadline)
        timeout.error(
            "attempt",
            "attempt (" + timeout.shown("attempt", print_duration(other.attempt)) +
                ") is longer than deadline (" +
                timeout.shown("deadline", print_duration(other.deadline)) + ")"
        );
    other.attempt = std::min(other.attempt, other.deadline);
}

}  // namespace

Upstream read_upstream(Reader& reader, Dialects& dialects, const Surroundings& surroundings) {
    Upstream upstream;
    read_name(reader, upstream);
    read_listen(reader, upstream);
    read_url(reader, upstream);
    read_dialect(reader, dialects, upstream);
    read_proxy(reader, surroundings, upstream);
    describe_upstream(reader, upstream);
    settle_timeouts(reader, upstream.rules.other);
    const bool dialect_known = upstream.rules.dialect != nullptr;
    if (!dialect_known) upstream.rules.dialect = std::make_shared<const policy::Dialect>();
    read_routes(reader, upstream);
    read_written(*reader.node(), *upstream.rules.dialect, upstream);
    reader.done();
    return upstream;
}

}  // namespace backstop::config
