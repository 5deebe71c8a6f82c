#include "policy/standing.hpp"

#include "tests/support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

class StandingTest : public ::testing::Test {
protected:
    void close(LimitStanding& limits, Duration delay) {
        limits.gate.close(clock.steady() + delay, Gate::Kind::rate, clock.steady());
    }
    bool closed(const LimitStanding& limits) { return limits.gate.closed(clock.steady()); }
    void wait_at(LimitStanding& limits, Gate::Place& place) {
        limits.gate.ask(false, place, clock.steady() + 1h, clock.steady());
        ASSERT_NE(place.number, 0u);
    }
    static Rules rules_with(Dialect dialect) {
        Rules rules;
        rules.dialect = std::make_shared<const Dialect>(std::move(dialect));
        return rules;
    }

    test::FakeClock clock;
    Standing standing{rules_with({})};
};

TEST_F(StandingTest, HasOneForEachScopeAndCredential) {
    LimitStanding& first = standing.limits("default", 1);
    close(first, 60s);
    EXPECT_EQ(&standing.limits("default", 1), &first);
    EXPECT_FALSE(closed(standing.limits("uploads", 1)));
    EXPECT_FALSE(closed(standing.limits("default", 2)));
    EXPECT_TRUE(closed(standing.limits("default", 1)));
}

TEST_F(StandingTest, KeepsItsReferencesValid) {
    LimitStanding& first = standing.limits("default", 1);
    std::set<LimitStanding*> all{&first};
    for (std::uint64_t credential = 2; credential <= 64; ++credential)
        all.insert(&standing.limits("default", credential));
    for (int scope = 0; scope < 10; ++scope)
        all.insert(&standing.limits("scope " + std::to_string(scope), 1));
    EXPECT_EQ(all.size(), 74u);
    EXPECT_EQ(&standing.limits("default", 1), &first);
}

TEST_F(StandingTest, ForgetsTheLeastRecentlyUsedOfMoreThanSixtyFour) {
    for (std::uint64_t credential = 1; credential <= 64; ++credential)
        close(standing.limits("default", credential), 60s);
    standing.limits("default", 1);
    standing.limits("default", 65);
    EXPECT_TRUE(closed(standing.limits("default", 1)));
    EXPECT_TRUE(closed(standing.limits("default", 3)));
    EXPECT_FALSE(closed(standing.limits("default", 2)));
}

TEST_F(StandingTest, NeverForgetsOneWithWaiters) {
    LimitStanding& busy = standing.limits("default", 1);
    close(busy, 60s);
    Gate::Place place;
    wait_at(busy, place);
    for (std::uint64_t credential = 2; credential <= 1000; ++credential)
        standing.limits("default", credential);
    EXPECT_EQ(&standing.limits("default", 1), &busy);
    EXPECT_EQ(busy.gate.waiting(), 1);
}

TEST_F(StandingTest, GrowsRatherThanLoseAWaiterAndShrinksAgain) {
    std::vector<Gate::Place> places(70);
    for (std::uint64_t credential = 0; credential < 70; ++credential) {
        LimitStanding& busy = standing.limits("default", credential);
        close(busy, 60s);
        wait_at(busy, places[credential]);
    }
    const auto kept = [&] {
        int count = 0;
        standing.for_each([&](const std::string&, const LimitStanding&) { ++count; });
        return count;
    };
    EXPECT_EQ(kept(), 70);
    for (std::uint64_t credential = 0; credential < 70; ++credential)
        standing.limits("default", credential).gate.leave(places[credential], clock.steady());
    standing.limits("default", 100);
    EXPECT_EQ(kept(), 64);
}

TEST_F(StandingTest, ShowsTheTightestOfEachScope) {
    LimitStanding& one = standing.limits("default", 1);
    LimitStanding& two = standing.limits("default", 2);
    close(one, 60s);
    close(two, 10s);
    Gate::Place first;
    Gate::Place second;
    wait_at(one, first);
    wait_at(two, second);
    one.limits.observe({.limit = 100, .remaining = 90}, clock.now());
    two.limits.observe({.limit = 100, .remaining = 5}, clock.now());
    standing.limits("uploads", 1);

    const auto tightest = standing.tightest(clock.now());
    ASSERT_EQ(tightest.size(), 2u);
    const auto& common = tightest[tightest[0].scope == "default" ? 0 : 1];
    EXPECT_EQ(common.scope, "default");
    EXPECT_EQ(common.gate, &one.gate);
    EXPECT_EQ(common.limits, &two.limits);
    EXPECT_EQ(common.waiting, 2);
}

TEST_F(StandingTest, ShowsWhatWasObservedRatherThanNothing) {
    LimitStanding& told = standing.limits("default", 1);
    told.limits.observe({.remaining = 5}, clock.now());  // no limit, so no share of it
    standing.limits("default", 2);                       // more recent, and told nothing

    const auto tightest = standing.tightest(clock.now());
    ASSERT_EQ(tightest.size(), 1u);
    EXPECT_EQ(tightest[0].limits, &told.limits);
}

TEST_F(StandingTest, TakesTheWindowOfAScopeFromTheDialect) {
    Dialect dialect;
    dialect.limits.push_back({.scope = "uploads", .window = 1h});
    standing.limits("uploads", 0);  // there is one already
    standing.reconfigure(rules_with(dialect));
    for (const char* scope : {"uploads", "default"})
        standing.limits(scope, 0).limits.observe({.remaining = 1}, clock.now());
    standing.limits("uploads", 1).limits.observe({.remaining = 1}, clock.now());
    clock.advance(60s);
    EXPECT_TRUE(standing.limits("uploads", 0).limits.state(clock.now()));
    EXPECT_TRUE(standing.limits("uploads", 1).limits.state(clock.now()));
    EXPECT_FALSE(standing.limits("default", 0).limits.state(clock.now()));
}

TEST_F(StandingTest, SurvivesAReloadAndFollowsTheNewRules) {
    LimitStanding& busy = standing.limits("default", 1);
    close(busy, 60s);
    for (int i = 0; i < 5; ++i)
        standing.breaker.failed(standing.breaker.admit(true, clock.steady()), clock.steady());
    {
        Rules rules = rules_with({});
        rules.gate.queue = 0;
        rules.retry.budget.per_second = 0;
        rules.breaker.open = 7s;
        standing.reconfigure(rules);
    }
    EXPECT_TRUE(closed(standing.limits("default", 1)));
    EXPECT_EQ(standing.breaker.state(clock.steady()), CircuitBreaker::State::open);
    Gate::Place place;
    const Instant latest = clock.steady() + 1h;
    EXPECT_EQ(busy.gate.ask(false, place, latest, clock.steady()).why, Denied::queue);
    close(standing.limits("default", 2), 60s);
    EXPECT_EQ(
        standing.limits("default", 2).gate.ask(false, place, latest, clock.steady()).why,
        Denied::queue
    );
    EXPECT_FALSE(standing.budget.reserve(clock.steady()));
}

}  // namespace
}  // namespace backstop::policy
