#include "proxy/recent.hpp"

#include "policy/record.hpp"
#include "policy/route.hpp"
#include "tests/support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <string>
#include <vector>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;

class RecentTest : public testing::Test {
protected:
    RecentTest() {
        route_.label = "/calls";
        record_.attempts.resize(3);
        record_.attempts[1].number = 2;
        record_.attempts[2].number = 3;
        record_.retries = {
            {policy::Reason::server_error, policy::WaitSource::backoff, 1s, true},
            {policy::Reason::server_error, policy::WaitSource::backoff, 1s, true},
            {policy::Reason::server_error, policy::WaitSource::backoff, 1s, false},
        };
    }

    Report report(int status, Outcome outcome) const {
        Report made;
        made.route = &route_;
        made.method = "POST";
        made.status = status;
        made.outcome = outcome;
        made.reason = policy::Reason::server_error;
        made.record = &record_;
        made.ended = clock_.now();
        return made;
    }
    void ends(int status, Outcome outcome) { recent_.exchange("acme", report(status, outcome)); }

    std::uint32_t attempts() const {
        std::uint32_t all = 0;
        for (const ActivitySlice& slice : slices())
            all += slice.attempts;
        return all;
    }

    Activity::Slices slices() const {
        return recent_.activity("acme")->last_slices(clock_.steady());
    }

    test::FakeClock clock_{};
    policy::Route route_{};
    policy::Record record_{};
    Recent recent_{};
};

TEST_F(RecentTest, CountsInSlicesAndForgetsAfterFiveMinutes) {
    EXPECT_EQ(recent_.activity("acme"), nullptr);
    ends(200, Outcome::ok);
    ends(503, Outcome::local_error);
    EXPECT_EQ(slices().back().attempts, 6U);
    EXPECT_EQ(slices().back().retries, 4U) << "one was planned and not made";
    EXPECT_EQ(slices().back().impaired, 1U);

    clock_.advance(Activity::slice);
    EXPECT_EQ(slices().back().attempts, 0U);
    EXPECT_EQ(slices().at(Activity::slices - 2).attempts, 6U);
    ends(200, Outcome::ok);
    EXPECT_EQ(slices().back().attempts, 3U);

    clock_.advance((Activity::slices - 2) * Activity::slice);
    EXPECT_EQ(slices().at(0).attempts, 6U);
    clock_.advance(Activity::slice);
    EXPECT_EQ(slices().at(0).attempts, 3U);
    clock_.advance(Activity::slice);
    EXPECT_EQ(slices().at(0).attempts, 0U);
}

TEST_F(RecentTest, NothingOfAnEarlierRoundIsLeft) {
    ends(200, Outcome::ok);
    clock_.advance(24h);
    ends(200, Outcome::ok);
    EXPECT_EQ(attempts(), 3U);
    clock_.advance(Activity::slices * Activity::slice);
    EXPECT_EQ(attempts(), 0U) << "although nobody has come since";
}

TEST_F(RecentTest, FailuresAreNewestFirstAndBounded) {
    record_.error_code = "no route to +1 555-0100-123";
    for (int status = 500; status < 530; ++status)
        ends(status, Outcome::upstream_error);
    ASSERT_EQ(recent_.failures().size(), Recent::failures_max);
    const RecentFailure& newest = recent_.failures().front();
    EXPECT_EQ(newest.status, 529);
    EXPECT_EQ(newest.upstream, "acme");
    EXPECT_EQ(newest.route, "/calls");
    EXPECT_EQ(newest.method, MethodLabel::post);
    EXPECT_EQ(newest.reason, policy::Reason::server_error);
    EXPECT_EQ(newest.attempts, 3);
    EXPECT_EQ(newest.error_code.find("555"), std::string::npos) << newest.error_code;
    EXPECT_EQ(recent_.failures().back().status, 510);
}

TEST_F(RecentTest, TheSameFailureAgainIsOne) {
    const policy::WallTime begun = clock_.wall();
    ends(503, Outcome::local_error);
    ends(429, Outcome::client_error);
    for (int i = 0; i < 100; ++i) {
        clock_.advance(1s);
        ends(503, Outcome::local_error);
    }
    record_.error_code = "maintenance";
    ends(503, Outcome::local_error);

    std::vector<std::uint64_t> counts;
    for (const RecentFailure& failure : recent_.failures())
        counts.push_back(failure.count);
    EXPECT_EQ(counts, (std::vector<std::uint64_t>{1, 101, 1}));
    const RecentFailure& outage = *std::next(recent_.failures().begin());
    EXPECT_EQ(outage.first, begun);
    EXPECT_EQ(outage.last, begun + 100s);
}

// The same line that the objective "full fidelity" draws in deploy/prometheus.
TEST_F(RecentTest, KnowsWhatIsImpaired) {
    EXPECT_FALSE(is_impaired(report(200, Outcome::ok)));
    EXPECT_FALSE(is_impaired(report(200, Outcome::replayed)));
    EXPECT_FALSE(is_impaired(report(404, Outcome::client_error)));
    EXPECT_FALSE(is_impaired(report(200, Outcome::aborted))) << "a stream that the client left";
    EXPECT_TRUE(is_impaired(report(200, Outcome::degraded)));
    EXPECT_TRUE(is_impaired(report(502, Outcome::local_error)));
    EXPECT_TRUE(is_impaired(report(429, Outcome::local_error)));
    for (const int status : {400, 405, 408, 413, 414, 422, 431})
        EXPECT_FALSE(is_impaired(report(status, Outcome::local_error)))
            << "the client's " << status;
    EXPECT_TRUE(is_impaired(report(500, Outcome::upstream_error)));
    EXPECT_TRUE(is_impaired(report(402, Outcome::client_error)));
    EXPECT_TRUE(is_impaired(report(429, Outcome::client_error)));
    EXPECT_TRUE(is_impaired(report(499, Outcome::aborted)));
    EXPECT_TRUE(is_impaired(report(503, Outcome::aborted))) << "it left during an error";
}

TEST_F(RecentTest, RemembersTheMostOfAQuota) {
    EXPECT_FALSE(recent_.most_quota("acme"));
    recent_.quota("acme", 500);
    recent_.quota("acme", 10000);
    recent_.quota("acme", 9000);
    EXPECT_EQ(recent_.most_quota("acme"), 10000);
}

}  // namespace
}  // namespace backstop::proxy
