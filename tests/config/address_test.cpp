#include "config/address.hpp"

#include <gtest/gtest.h>

namespace backstop::config {
namespace {

std::string texts(const ParsedAddress& parsed) {
    std::string result;
    for (const Address& address : parsed.addresses)
        result += (result.empty() ? "" : " ") + address.text();
    return result;
}

TEST(Address, IsReadAsWritten) {
    struct Row {
        const char* text;
        const char* read;
    };
    const Row rows[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080"},
        {"0.0.0.0:9464", "0.0.0.0:9464"},
        {"[::1]:8080", "[::1]:8080"},
        {"[0:0:0:0:0:0:0:1]:8080", "[::1]:8080"},
        {"[::]:8080", "[::]:8080"},
        {"[FD00::1]:8080", "[fd00::1]:8080"},
        {"localhost:8080", "127.0.0.1:8080 [::1]:8080"},
        {"127.0.0.1:0", "127.0.0.1:0"},
        {"unix:/run/backstop/api.sock", "unix:/run/backstop/api.sock"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(texts(parse_address(row.text)), row.read) << row.text;
}

TEST(Address, IsRefusedWithAReason) {
    const char* const rows[] = {
        "",
        ":",
        "8080",
        ":8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:http",
        "127.0.0.1:-1",
        "127.0.0.1:65536",
        "127.1:80",
        "127.0.0.01:80",
        "::1:8080",
        "[::1]",
        "[::1]8080",
        "[fe80::1%eth0]:80",
        "example.com:80",
        "LOCALHOST:80",
        "unix:",
        "unix:api.sock",
    };
    for (const char* const text : rows) {
        SCOPED_TRACE(text);
        EXPECT_EQ(texts(parse_address(text)), "");
        EXPECT_NE(parse_address(text).problem, "");
    }
    EXPECT_NE(parse_address("unix:/" + std::string(107, 'a')).problem, "");
    EXPECT_EQ(parse_address("unix:/" + std::string(106, 'a')).problem, "");
}

TEST(Address, KnowsLoopback) {
    struct Row {
        const char* text;
        bool loopback;
    };
    const Row rows[] = {
        {"127.0.0.1:1", true},
        {"127.255.0.9:1", true},
        {"[::1]:1", true},
        {"unix:/a", true},
        {"0.0.0.0:1", false},
        {"[::]:1", false},
        {"10.0.0.1:1", false},
        {"[fd00::1]:1", false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(parse_address(row.text).addresses.at(0).loopback(), row.loopback) << row.text;
}

TEST(Address, OverlapsWhereOneTakesTheOthersPlace) {
    struct Row {
        const char* left;
        const char* right;
        bool overlap;
    };
    const Row rows[] = {
        {"127.0.0.1:1", "127.0.0.1:1", true},
        {"127.0.0.1:1", "127.0.0.1:2", false},
        {"127.0.0.1:1", "127.0.0.2:1", false},
        {"0.0.0.0:1", "127.0.0.1:1", true},
        {"[::]:1", "[::1]:1", true},
        {"[::]:1", "127.0.0.1:1", false},
        {"[::]:1", "0.0.0.0:1", false},
        {"127.0.0.1:0", "127.0.0.1:0", false},
        {"unix:/a", "unix:/a", true},
        {"unix:/a", "unix:/b", false},
        {"unix:/a", "127.0.0.1:1", false},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(std::string(row.left) + " and " + row.right);
        const Address left = parse_address(row.left).addresses.at(0);
        const Address right = parse_address(row.right).addresses.at(0);
        EXPECT_EQ(overlap(left, right), row.overlap);
        EXPECT_EQ(overlap(right, left), row.overlap);
    }
}

}  // namespace
}  // namespace backstop::config
