#include "config/target.hpp"

#include "config/address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace backstop::config {
namespace {

namespace urls = boost::urls;

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

std::string decode(urls::pct_string_view text) {
    return text.decode();
}

// The host without brackets, percent-decoded, in lower case.
std::string host_of(const urls::url_view& url) {
    if (url.host_type() == urls::host_type::ipv6) {
        const auto address = url.host_ipv6_address().to_string();
        return {address.data(), address.size()};
    }
    return lower(decode(url.encoded_host()));
}

std::string authority(const std::string& host, unsigned short port, unsigned short usual) {
    const bool v6 = host.find(':') != std::string::npos;
    const std::string shown = v6 ? "[" + host + "]" : host;
    return port == usual ? shown : shown + ":" + std::to_string(port);
}

// "" or "/v1": what goes before a client's path, which always begins with a slash.
std::string without_trailing_slashes(std::string path) {
    while (path.ends_with('/'))
        path.pop_back();
    return path;
}

// The port written, or `usual`; nothing if it is none. (port_number() wraps around.)
std::optional<unsigned short> port_of(const urls::url_view& url, unsigned short usual) {
    const std::string_view text(url.port().data(), url.port().size());
    if (text.empty()) return usual;
    unsigned short port = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool sound = error == std::errc{} && rest == text.data() + text.size() && port > 0;
    return sound ? std::optional(port) : std::nullopt;
}

std::string problem_of(const urls::url_view& url) {
    const bool known =
        url.scheme_id() == urls::scheme::http || url.scheme_id() == urls::scheme::https;
    if (!known) return "the scheme must be https, http or unix";
    if (!url.has_authority() || url.encoded_host().empty()) return "a host is missing";
    if (url.host_type() == urls::host_type::ipvfuture)
        return "the host is no name and no IP address";
    if (!port_of(url, 1)) return "the port must be from 1 to 65535";
    return {};
}

ParsedTarget parse_unix_target(std::string_view text) {
    ParsedAddress parsed = parse_address(text);
    if (!parsed.problem.empty()) return {{}, std::move(parsed.problem)};
    Target target{.tls = false, .port = 0, .authority = "localhost"};
    target.unix_path = std::move(parsed.addresses.front().unix_path);
    return {std::move(target), {}};
}

struct Pattern {
    std::string host;
    std::string port;
};

Pattern parse_pattern(std::string_view text) {
    Pattern pattern{lower(text), {}};
    const std::size_t colon = pattern.host.rfind(':');
    const bool bracketed = pattern.host.starts_with('[');
    const bool has_port =
        colon != std::string::npos &&
        (bracketed ? pattern.host[colon - 1] == ']' : pattern.host.find(':') == colon);
    if (has_port) {
        pattern.port = pattern.host.substr(colon + 1);
        pattern.host.resize(colon);
    }
    if (bracketed && pattern.host.ends_with(']'))
        pattern.host = pattern.host.substr(1, pattern.host.size() - 2);
    if (pattern.host.starts_with("*.")) pattern.host.erase(0, 1);
    return pattern;
}

bool matches(const Pattern& pattern, const Target& target) {
    if (!pattern.port.empty() && pattern.port != std::to_string(target.port)) return false;
    if (pattern.host == "*") return true;
    const std::string_view name =
        pattern.host.starts_with('.') ? std::string_view(pattern.host).substr(1) : pattern.host;
    if (name.empty()) return false;
    if (target.host == name) return true;
    return target.host.ends_with("." + std::string(name));
}

}  // namespace

ParsedTarget parse_target(std::string_view text) {
    if (text.starts_with("unix:")) return parse_unix_target(text);
    const auto parsed = urls::parse_uri(text);
    if (!parsed)
        return {{}, R"(expected a URL such as "https://api.example.com/v1" or "unix:/path")"};
    const urls::url_view& url = *parsed;
    if (std::string problem = problem_of(url); !problem.empty()) return {{}, std::move(problem)};
    if (url.has_userinfo())
        return {{}, "credentials do not belong in the URL; use [upstream.credential]"};
    if (url.has_query() || url.has_fragment())
        return {{}, "a query or a fragment cannot go before the client's own path"};
    Target target;
    target.tls = url.scheme_id() == urls::scheme::https;
    const unsigned short usual = target.tls ? 443 : 80;
    target.host = host_of(url);
    target.port = *port_of(url, usual);
    const auto path = url.encoded_path();
    target.base_path = without_trailing_slashes({path.data(), path.size()});
    target.authority = authority(target.host, target.port, usual);
    return {std::move(target), {}};
}

ParsedProxy parse_proxy(std::string_view text) {
    const auto parsed = urls::parse_uri(text);
    if (!parsed) return {{}, R"(expected a URL such as "http://proxy.example.com:3128")"};
    const urls::url_view& url = *parsed;
    if (url.scheme_id() != urls::scheme::http)
        return {{}, "an egress proxy is reached by http: \"http://host:port\""};
    if (std::string problem = problem_of(url); !problem.empty()) return {{}, std::move(problem)};
    const auto path = url.encoded_path();
    const bool bare = path.empty() || std::string_view(path.data(), path.size()) == "/";
    if (!bare || url.has_query() || url.has_fragment())
        return {{}, "an egress proxy has no path: \"http://host:port\""};
    constexpr unsigned short usual = 80;
    EgressProxy proxy;
    proxy.host = host_of(url);
    proxy.port = *port_of(url, usual);
    if (url.has_userinfo())
        proxy.userinfo = decode(url.encoded_user()) + ":" + decode(url.encoded_password());
    return {std::move(proxy), {}};
}

bool excepted_from_proxy(std::string_view no_proxy, const Target& target) {
    if (!target.unix_path.empty() || target.host == "localhost") return true;
    if (Address{.host = target.host}.loopback()) return true;
    while (!no_proxy.empty()) {
        const std::size_t comma = no_proxy.find(',');
        std::string_view item = no_proxy.substr(0, comma);
        no_proxy.remove_prefix(comma == std::string_view::npos ? no_proxy.size() : comma + 1);
        while (item.starts_with(' '))
            item.remove_prefix(1);
        while (item.ends_with(' '))
            item.remove_suffix(1);
        if (!item.empty() && matches(parse_pattern(item), target)) return true;
    }
    return false;
}

std::string redact_userinfo(std::string_view url) {
    // Up to the last "@" wherever it is: a password may hold anything, and too much is safe here.
    const std::size_t scheme = url.find("://");
    const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
    const std::size_t at = url.rfind('@');
    if (at == std::string_view::npos || at < begin) return std::string(url);
    return std::string(url.substr(0, begin)) + "redacted" + std::string(url.substr(at));
}

}  // namespace backstop::config
