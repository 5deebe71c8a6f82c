// The page without JavaScript, and what its policy lets a browser do. What a browser makes of it is
// tested in tests/e2e/status_page_test.py.
#include "proxy/status_page.hpp"

#include "tests/proxy/status_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class StatusPageTest : public StatusFixture {
protected:
    StatusPageTest() : StatusFixture("<script>alert('a&b')</script>\"") {}

    std::string page() const { return rendered(status_page); }
};

TEST_F(StatusPageTest, TellsInTablesWhereEverythingStands) {
    upstream_->set_standing(&standing_);
    policy::LimitStanding& limits = standing_.limits("reads", 1);
    policy::RateLimitTracker::Observation seen;
    seen.limit = 600;
    seen.remaining = 593;
    limits.limits.observe(seen, clock_.now());
    limits.gate.close(clock_.steady() + 30s, policy::Gate::Kind::rate, clock_.steady());
    standing_.quota.observe(7, clock_.now());
    for (int i = 0; i < 5; ++i)
        standing_.breaker.failed(standing_.breaker.admit(true, clock_.steady()), clock_.steady());

    const std::string now = page();
    EXPECT_THAT(now, HasSubstr("<td>open, probes in 5 s</td>"));
    EXPECT_THAT(now, HasSubstr("reads: closed (rate), opens in 30 s, waiting: 0"));
    EXPECT_THAT(now, HasSubstr("reads: 593 left of 600, told at 2026-02-08T12:00:00.000Z"));
    EXPECT_THAT(now, HasSubstr("<td>7 left, told at 2026-02-08T12:00:00.000Z</td>"));
    EXPECT_THAT(now, HasSubstr("<td>version</td><td>1.2.3</td>"));
    EXPECT_THAT(now, HasSubstr("</html>"));
}

TEST_F(StatusPageTest, WhatWasNotToldIsNoZero) {
    upstream_->set_standing(&standing_);
    EXPECT_THAT(page(), HasSubstr("<td>not told</td><td>not told</td><td>0</td>"));
}

TEST_F(StatusPageTest, EscapesEveryValue) {
    const std::string now = page();
    EXPECT_THAT(
        now, HasSubstr("<td>&lt;script&gt;alert(&#39;a&amp;b&#39;)&lt;/script&gt;&quot;</td>")
    );
    EXPECT_THAT(now, Not(HasSubstr("alert('a")));
}

TEST_F(StatusPageTest, ThePolicyAllowsNothingButThePageItself) {
    const std::string policy(status_page_policy());
    EXPECT_THAT(
        policy,
        testing::MatchesRegex(
            "default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; "
            "style-src 'sha256-[A-Za-z0-9+/]{43}='; connect-src 'self'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    );
    const std::string html(status_page_html());
    EXPECT_THAT(html, HasSubstr(std::string(tables_mark)));
    EXPECT_THAT(html, Not(HasSubstr("style=")));
    EXPECT_THAT(html, Not(HasSubstr("innerHTML")));
    EXPECT_THAT(html, Not(testing::ContainsRegex("(src|href)=\"https?:")));
}

}  // namespace
}  // namespace backstop::proxy
