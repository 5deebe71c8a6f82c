#include "config/address.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <charconv>
#include <optional>

namespace backstop::config {
namespace {

namespace urls = boost::urls;

constexpr std::string_view expected =
    R"(expected an address such as "127.0.0.1:8080", "[::1]:8080", "localhost:8080" or "unix:/path")";
// sockaddr_un has room for 108 bytes, the last of which is a zero (unix(7)).
constexpr std::size_t longest_unix_path = 107;

std::optional<unsigned short> parse_port(std::string_view text) {
    unsigned short port = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return port;
}

ParsedAddress problem(std::string text) {
    return {{}, std::move(text)};
}

ParsedAddress parse_unix(std::string_view path) {
    if (!path.starts_with('/'))
        return problem("the path of a Unix socket must be absolute: \"unix:/path\"");
    if (path.size() > longest_unix_path)
        return problem(
            "the path of a Unix socket can be " + std::to_string(longest_unix_path) + " bytes long"
        );
    return {{Address{.unix_path = std::string(path)}}, {}};
}

ParsedAddress parse_ip(std::string_view host, unsigned short port) {
    if (host == "localhost")
        return {
            {Address{.host = "127.0.0.1", .port = port}, Address{.host = "::1", .port = port}}, {}};
    if (host.starts_with('[') && host.ends_with(']')) {
        const auto v6 = urls::parse_ipv6_address(host.substr(1, host.size() - 2));
        if (!v6) return problem("there is no valid IPv6 address between the brackets");
        return {{Address{.host = std::string(v6->to_string()), .port = port}}, {}};
    }
    if (host.empty() || host == "*")
        return problem(
            "write out which addresses: \"0.0.0.0:" + std::to_string(port) +
            "\" for all of IPv4, \"[::]:" + std::to_string(port) + "\" for all of IPv6"
        );
    if (host.find(':') != std::string_view::npos)
        return problem("an IPv6 address stands in brackets: \"[::1]:8080\"");
    const auto v4 = urls::parse_ipv4_address(host);
    if (!v4)
        return problem(std::string(expected) + "; a name other than localhost is not looked up");
    return {{Address{.host = std::string(v4->to_string()), .port = port}}, {}};
}

bool is_v6(const Address& address) {
    return address.host.find(':') != std::string::npos;
}
bool is_any(const Address& address) {
    return address.host == "0.0.0.0" || address.host == "::";
}

}  // namespace

ParsedAddress parse_address(std::string_view text) {
    constexpr std::string_view unix_scheme = "unix:";
    if (text.starts_with(unix_scheme)) return parse_unix(text.substr(unix_scheme.size()));
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']'))
        return problem(std::string(expected));
    const std::optional<unsigned short> port = parse_port(text.substr(colon + 1));
    if (!port) return problem("expected a port from 0 to 65535 after the last colon");
    return parse_ip(text.substr(0, colon), *port);
}

bool overlap(const Address& left, const Address& right) {
    if (!left.unix_path.empty() || !right.unix_path.empty())
        return left.unix_path == right.unix_path;
    if (left.port != right.port || left.port == 0 || is_v6(left) != is_v6(right)) return false;
    return left.host == right.host || is_any(left) || is_any(right);
}

std::string Address::text() const {
    if (!unix_path.empty()) return "unix:" + unix_path;
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Address::loopback() const {
    if (!unix_path.empty()) return true;
    if (const auto v4 = urls::parse_ipv4_address(host)) return v4->is_loopback();
    const auto v6 = urls::parse_ipv6_address(host);
    return v6 && v6->is_loopback();
}

}  // namespace backstop::config
