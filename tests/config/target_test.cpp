#include "config/target.hpp"

#include <gtest/gtest.h>

namespace backstop::config {
namespace {

TEST(Target, IsReadFromAUrl) {
    struct Row {
        const char* url;
        bool tls;
        const char* host;
        unsigned short port;
        const char* base_path;
        const char* authority;
    };
    const Row rows[] = {
        {"https://api.example.com", true, "api.example.com", 443, "", "api.example.com"},
        {"https://api.example.com/", true, "api.example.com", 443, "", "api.example.com"},
        {"https://api.example.com/v1", true, "api.example.com", 443, "/v1", "api.example.com"},
        {"https://api.example.com/a/b/", true, "api.example.com", 443, "/a/b", "api.example.com"},
        {"https://api.example.com/a%20b",
         true,
         "api.example.com",
         443,
         "/a%20b",
         "api.example.com"},
        {"https://api.example.com:443", true, "api.example.com", 443, "", "api.example.com"},
        {"https://api.example.com:8443", true, "api.example.com", 8443, "", "api.example.com:8443"},
        {"https://api.example.com:", true, "api.example.com", 443, "", "api.example.com"},
        {"HTTPS://API.Example.com", true, "api.example.com", 443, "", "api.example.com"},
        {"http://127.0.0.1:9000", false, "127.0.0.1", 9000, "", "127.0.0.1:9000"},
        {"http://[::1]", false, "::1", 80, "", "[::1]"},
        {"http://[::1]:8080/x", false, "::1", 8080, "/x", "[::1]:8080"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.url);
        const ParsedTarget parsed = parse_target(row.url);
        EXPECT_EQ(parsed.problem, "");
        EXPECT_EQ(parsed.target.tls, row.tls);
        EXPECT_EQ(parsed.target.host, row.host);
        EXPECT_EQ(parsed.target.port, row.port);
        EXPECT_EQ(parsed.target.base_path, row.base_path);
        EXPECT_EQ(parsed.target.authority, row.authority);
    }
}

TEST(Target, CanBeAUnixSocket) {
    const ParsedTarget parsed = parse_target("unix:/run/api.sock");
    EXPECT_EQ(parsed.problem, "");
    EXPECT_EQ(parsed.target.unix_path, "/run/api.sock");
    EXPECT_FALSE(parsed.target.tls);
    EXPECT_EQ(parsed.target.authority, "localhost");
}

TEST(Target, IsRefusedWithAReason) {
    const char* const rows[] = {
        "",
        "api.example.com",
        "//api.example.com",
        "ftp://api.example.com",
        "https://",
        "https:///v1",
        "https:api.example.com",
        "https://user@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com/#top",
        "https://api.example.com:0",
        "https://api.example.com:70000",
        "https://api.example.com:12345678901234567890",
        "https://api example.com",
        "https://[::1",
        "https://[v1.a]",
        "unix:run/api.sock",
    };
    for (const char* const url : rows)
        EXPECT_NE(parse_target(url).problem, "") << url;
}

TEST(EgressProxy, IsReadFromAUrl) {
    const ParsedProxy parsed = parse_proxy("http://us%40er:p%3Ass@proxy.example.com:3128/");
    EXPECT_EQ(parsed.problem, "");
    EXPECT_EQ(parsed.proxy.host, "proxy.example.com");
    EXPECT_EQ(parsed.proxy.port, 3128);
    EXPECT_EQ(parsed.proxy.userinfo, "us@er:p:ss");
    EXPECT_EQ(parse_proxy("http://proxy").proxy.port, 80);
    EXPECT_EQ(parse_proxy("http://proxy").proxy.userinfo, "");
}

TEST(EgressProxy, IsRefusedWithAReason) {
    for (const char* const url :
         {"", "proxy:3128", "https://proxy", "socks5://proxy", "http://p/x"})
        EXPECT_NE(parse_proxy(url).problem, "") << url;
}

TEST(EgressProxy, IsNotAskedForExceptedHosts) {
    struct Row {
        const char* no_proxy;
        const char* url;
        bool excepted;
    };
    const Row rows[] = {
        {"", "https://api.example.com", false},
        {"*", "https://api.example.com", true},
        {"example.com", "https://api.example.com", true},
        {".example.com", "https://api.example.com", true},
        {"*.example.com", "https://api.example.com", true},
        {"example.com", "https://example.com", true},
        {"ample.com", "https://api.example.com", false},
        {"EXAMPLE.com", "https://api.example.com", true},
        {"other.com, api.example.com ", "https://api.example.com", true},
        {"api.example.com:443", "https://api.example.com", true},
        {"api.example.com:8443", "https://api.example.com", false},
        {"10.0.0.1", "https://10.0.0.1", true},
        {"fd00::1", "https://[fd00::1]", true},
        {"[fd00::1]:443", "https://[fd00::1]", true},
        {",,.", "https://api.example.com", false},
        {"", "https://localhost", true},
        {"", "https://127.0.0.1:8443", true},
        {"", "https://[::1]", true},
        {"", "unix:/run/api.sock", true},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(std::string(row.no_proxy) + " and " + row.url);
        EXPECT_EQ(excepted_from_proxy(row.no_proxy, parse_target(row.url).target), row.excepted);
    }
}

TEST(Redaction, HidesUserinfoWhateverItHolds) {
    struct Row {
        const char* url;
        const char* shown;
    };
    const Row rows[] = {
        {"http://proxy:3128", "http://proxy:3128"},
        {"http://user:pass@proxy:3128", "http://redacted@proxy:3128"},
        {"http://user:p@ss@proxy", "http://redacted@proxy"},
        {"http://user:p/ss@proxy", "http://redacted@proxy"},
        {"user:pass@proxy", "redacted@proxy"},
        {"", ""},
    };
    for (const Row& row : rows)
        EXPECT_EQ(redact_userinfo(row.url), row.shown);
}

}  // namespace
}  // namespace backstop::config
