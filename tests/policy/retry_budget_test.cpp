#include "policy/retry_budget.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/uniform.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

class Budget : public ::testing::Test {
protected:
    void begin(int requests) {
        for (int i = 0; i < requests; ++i)
            budget.request_begun(clock.steady());
    }
    bool reserve() { return budget.reserve(clock.steady()); }
    int reserve_all() {
        int granted = 0;
        while (reserve())
            ++granted;
        return granted;
    }
    double tokens() const { return budget.tokens(clock.steady()); }

    test::FakeClock clock;
    RetryBudget budget{RetryBudget::Options{}};
};

using RetryBudgetTest = Budget;

TEST_F(RetryBudgetTest, GivesAQuietServiceOneASecondAtOnce) {
    begin(1);
    EXPECT_EQ(tokens(), 10.0);
    EXPECT_EQ(reserve_all(), 10);
}

TEST_F(RetryBudgetTest, RefusesOnceSpent) {
    begin(1);
    reserve_all();
    EXPECT_FALSE(reserve());
    EXPECT_EQ(tokens(), 0.0);
}

TEST_F(RetryBudgetTest, GivesAFifthOfTheRequestsAndOneForEachSecond) {
    begin(1000);
    EXPECT_EQ(reserve_all(), 200);
    clock.advance(3s);
    EXPECT_EQ(reserve_all(), 3);
    clock.advance(6s);
    EXPECT_EQ(reserve_all(), 6);
    clock.advance(1h);
    begin(1000);
    EXPECT_EQ(reserve_all(), 210);
}

TEST_F(RetryBudgetTest, GivesBackOneASecondToAServiceThatBeganByFailing) {
    begin(10);
    EXPECT_EQ(reserve_all(), 10);
    clock.advance(10s + 500ms);
    EXPECT_EQ(tokens(), 2.5);  // a fifth of ten, and ten and a half, less the ten
    clock.advance(10s);
    EXPECT_EQ(tokens(), 10.0);
}

TEST_F(RetryBudgetTest, ForgetsRequestsAndRetriesAfterTheWindow) {
    begin(1000);
    reserve_all();
    clock.advance(10s);
    EXPECT_EQ(tokens(), 0.0);  // the requests are forgotten a little sooner than the retries
    clock.advance(200ms);
    EXPECT_EQ(reserve_all(), 10);
}

TEST_F(RetryBudgetTest, GivesBackWhatIsRefunded) {
    begin(1);
    reserve_all();
    budget.refund(clock.steady());
    EXPECT_EQ(tokens(), 1.0);
    EXPECT_EQ(reserve_all(), 1);
}

TEST_F(RetryBudgetTest, RefundsTheVeryRetryThatWasReserved) {
    begin(1);
    const Instant first = clock.steady();
    ASSERT_TRUE(reserve());
    clock.advance(5s);
    ASSERT_TRUE(reserve());
    budget.refund(first);
    EXPECT_EQ(tokens(), 9.0);
    clock.advance(6s);  // the first would be forgotten by now: nothing comes back twice
    EXPECT_EQ(tokens(), 9.0);
    clock.advance(5s);
    EXPECT_EQ(tokens(), 10.0);
}

TEST_F(RetryBudgetTest, RefundsNothingOfWhatIsForgotten) {
    begin(1);
    const Instant first = clock.steady();
    ASSERT_TRUE(reserve());
    clock.advance(15s);
    ASSERT_TRUE(reserve());
    budget.refund(first);
    EXPECT_EQ(tokens(), 9.0);
    budget.refund(clock.steady() + 1h);
    EXPECT_EQ(tokens(), 9.0);
}

TEST_F(RetryBudgetTest, GrantsNothingWhereItIsSetToNothing) {
    budget = RetryBudget({.ratio = 0, .per_second = 0});
    begin(1000);
    EXPECT_EQ(reserve_all(), 0);
}

TEST_F(RetryBudgetTest, KeepsCountThroughAReload) {
    begin(1000);
    EXPECT_EQ(reserve_all(), 200);
    budget.reconfigure({});
    EXPECT_EQ(tokens(), 0.0);
}

TEST_F(RetryBudgetTest, CountsAnewWhenAReloadChangesIt) {
    begin(1000);
    reserve_all();
    budget.reconfigure({.window = 5s});
    EXPECT_EQ(reserve_all(), 5);
    budget.reconfigure({.ratio = 0.5});
    begin(100);
    EXPECT_EQ(reserve_all(), 50);
}

// Everything fails, and every request would be tried three times, after one and two seconds.
TEST_F(RetryBudgetTest, KeepsAStormOfFailuresUnderItsBound) {
    for (const Duration apart : {0ms, 1ms, 10ms, 12ms, 15ms, 100ms}) {
        SCOPED_TRACE(apart.count());
        budget = RetryBudget(RetryBudget::Options{});
        const Instant begun = clock.steady();
        std::multimap<Instant, int> attempts_to_come;  // and how many failed before each
        for (int i = 0; i < 1000; ++i)
            attempts_to_come.emplace(begun + i * apart, 0);
        int attempts = 0;
        while (!attempts_to_come.empty()) {
            const auto [at, failed] = *attempts_to_come.begin();
            attempts_to_come.erase(attempts_to_come.begin());
            clock.advance_to(at);
            ++attempts;
            if (failed == 0) begin(1);
            if (failed < 2 && reserve())
                attempts_to_come.emplace(at + (failed + 1) * 1s, failed + 1);
            const double seconds = std::chrono::duration<double>(at - begun).count();
            EXPECT_LE(attempts, 1.2 * 1000 + seconds);
        }
        EXPECT_GE(attempts, 1.2 * 1000);
    }
}

// At each retry granted: no more of them in the window that ends there than a fifth of the requests
// in that window and one a second.
RC_GTEST_PROP(RetryBudgetProperty, HoldsOverEveryWindow, ()) {
    const RetryBudget::Options options{
        .ratio = *test::uniform(0, 100) / 100.0, .per_second = *test::uniform(0, 50) / 10.0};
    RetryBudget budget(options);
    test::FakeClock clock;
    std::vector<Instant> requests;
    std::vector<Instant> retries;
    const auto since = [&](const std::vector<Instant>& events) {
        return std::count_if(events.begin(), events.end(), [&](Instant each) {
            return each > clock.steady() - options.window;
        });
    };
    const auto events = *rc::gen::container<std::vector<int>>(400, test::uniform(0, 100));
    for (const int event : events) {
        if (event < 45) {
            budget.request_begun(clock.steady());
            requests.push_back(clock.steady());
        } else if (event < 80 && budget.reserve(clock.steady())) {
            retries.push_back(clock.steady());
            const double bound =
                options.ratio * static_cast<double>(since(requests)) + options.per_second * 10.0;
            RC_ASSERT(static_cast<double>(since(retries)) <= bound + 1e-9);
        } else if (event < 85 && !retries.empty()) {
            const auto picked = retries.begin() + event * 31 % static_cast<int>(retries.size());
            budget.refund(*picked);
            retries.erase(picked);
        } else {
            clock.advance(std::chrono::milliseconds((event - 80) * (event - 80) * 3));
        }
    }
}

// A retry that was reserved and taken back leaves no trace.
RC_GTEST_PROP(RetryBudgetProperty, IsTheSameAfterReserveAndRefund, ()) {
    RetryBudget budget{RetryBudget::Options{}};
    test::FakeClock clock;
    for (int i = *test::uniform(0, 200); i > 0; --i)
        budget.request_begun(clock.steady());
    clock.advance(std::chrono::milliseconds(*test::uniform(0, 20'000)));
    const double before = budget.tokens(clock.steady());
    RC_PRE(before >= 1.0);
    const Instant reserved = clock.steady();
    RC_ASSERT(budget.reserve(reserved));
    RC_ASSERT(budget.tokens(reserved) == before - 1.0);
    budget.refund(reserved);
    RC_ASSERT(budget.tokens(reserved) == before);
}

}  // namespace
}  // namespace backstop::policy
