#include "config/load.hpp"

#include <gtest/gtest.h>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;

std::string all(const std::vector<Diagnostic>& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics)
        text += to_string(diagnostic) + "\n";
    return text;
}

TEST(Load, TakesTheSmallestConfig) {
    const Loaded loaded = load(
        R"([[upstream]]
name    = "sticky-calls"
listen  = "127.0.0.1:8080"
url     = "https://api.stickycalls.com"
dialect = "sticky-calls"        # built in, or the path of a TOML file
)",
        "backstop.toml",
        {}
    );
    ASSERT_TRUE(loaded.config) << all(loaded.diagnostics);
    EXPECT_EQ(all(loaded.diagnostics), "");
    const Upstream& upstream = loaded.config->upstreams.at(0);
    EXPECT_EQ(upstream.name, "sticky-calls");
    EXPECT_EQ(upstream.target.authority, "api.stickycalls.com");
    EXPECT_EQ(upstream.rules.other.deadline, 90s);
    ASSERT_EQ(upstream.rules.routes.size(), 2U);
    EXPECT_EQ(upstream.rules.routes[0].deadline, 5s);
    EXPECT_EQ(upstream.rules.routes[0].attempt, 2s);
    const Loaded again = load(effective(*loaded.config), "again", {});
    EXPECT_EQ(all(again.diagnostics), "");
    EXPECT_EQ(effective(*again.config), effective(*loaded.config));
}

}  // namespace
}  // namespace backstop::config
