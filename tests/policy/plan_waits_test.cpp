// How long a retry waits, and what cuts it short.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

TEST(PlanWaits, WaitsAsLongAsTheUpstreamAsks) {
    Scenario scenario({.method = "POST"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "2"}});
    scenario.expect_wait(2050ms, WaitSource::header);
    scenario.expect_send(2);
    scenario.upstream_answers(200);
    scenario.expect_deliver(Reason::succeeded);
    scenario.replay_failing_everywhere();
}

TEST(PlanWaits, ReadsTheDelayFromTheBody) {
    Scenario scenario({.method = "POST"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {}, R"({"retry_after": 7})");
    scenario.expect_wait(7050ms, WaitSource::body);
    scenario.expect_send(2);
    scenario.upstream_answers(200);
    scenario.replay_failing_everywhere();
}

TEST(PlanWaits, BacksOffForLongerThanAShortHint) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(503, {{"retry-after", "0"}});
    scenario.expect_wait(1s, WaitSource::header);
}

TEST(PlanWaits, AddsJitterUpwardOnly) {
    World world;
    world.rolls({0.5});
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "20"}});
    scenario.expect_wait(20s + 50ms + 1s, WaitSource::header);  // half of 10 %
    scenario.expect_send(2);
}

TEST(PlanWaits, AddsFiveSecondsOfJitterAtMost) {
    Settings settings;
    settings.route.deadline = 90s;
    World world(settings);
    world.rolls({0.5});
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "70"}});
    scenario.expect_wait(70s + 50ms + 2500ms, WaitSource::header);
}

TEST(PlanWaits, JittersTheBackoff) {
    World world;
    world.rolls({0.25, 0.75});
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_wait(1250ms, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(500);
    scenario.expect_wait(2750ms, WaitSource::backoff);
}

TEST(PlanWaits, DrawsBetweenTheBoundsOfARule) {
    Settings settings;
    Rule rule;
    rule.statuses = {502};
    rule.retry = Retry::always;
    rule.wait_min = 1s;
    rule.wait_max = 2s;
    settings.dialect.rules = {rule};
    World world(settings);
    world.rolls({0.25, 0.5});
    Scenario scenario(world, {.method = "POST"});
    scenario.expect_send(1);
    scenario.upstream_answers(502);
    scenario.expect_wait(1250ms, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(502);
    scenario.expect_wait(1500ms, WaitSource::backoff);  // no growth
}

TEST(PlanWaits, UnderstandsADateByTheClockOfTheSameResponse) {
    World world;
    world.clock.set_wall(WallTime(std::chrono::seconds(1706140000)));
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    // By the API's clock, which is half a minute ahead of ours, the window ends in 10 s.
    scenario.upstream_answers(
        429, {{"date", "Wed, 24 Jan 2024 23:47:10 GMT"}, {"x-ratelimit-reset", "1706140040"}}
    );
    ASSERT_TRUE(world.standing.clock.offset());
    EXPECT_NEAR(std::chrono::duration<double>(*world.standing.clock.offset()).count(), 30.0, 1.0);
    const Wait& wait = std::get<Wait>(scenario.step());
    EXPECT_EQ(wait.source, WaitSource::epoch);
    EXPECT_GE(wait.until - world.clock.steady(), 10s);
    EXPECT_LE(wait.until - world.clock.steady(), 12s);
}

TEST(PlanWaits, LearnsNoClockFromACachedResponse) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(200, {{"date", "Sun, 08 Feb 2026 12:00:30 GMT"}, {"age", "3"}});
    EXPECT_FALSE(world.standing.clock.offset());
}

TEST(PlanWaits, EndsTheExchangeOnAHintBeyondMaxWait) {
    Settings settings;
    settings.route.deadline = 10min;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "76"}});
    scenario.expect_deliver(Reason::rate_limited);
    EXPECT_EQ(scenario.record().denied, Denied::max_wait);
}

TEST(PlanWaits, ComparesMaxWaitWithoutJitter) {
    Settings settings;
    settings.route.deadline = 10min;
    World world(settings);
    world.rolls({0.9});
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "75"}});
    scenario.expect_wait(75s + 50ms + 4500ms, WaitSource::header);
    scenario.expect_send(2);
}

TEST(PlanWaits, BacksOffFiveSecondsAndMoreFromALimitOnConcurrency) {
    Settings settings;
    Rule rule;
    rule.statuses = {429};
    rule.contains = "concurren";
    rule.means = Verdict::concurrency_limited;
    rule.retry = Retry::always;
    settings.dialect.rules = {rule};
    World world(settings);
    Scenario scenario(world, {.method = "POST"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {}, "too many concurrent calls");
    EXPECT_EQ(world.gate().kind(), Gate::Kind::concurrency);
    scenario.expect_wait(5s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(429, {}, "too many concurrent calls");
    scenario.expect_wait(10s, WaitSource::backoff);
    scenario.expect_send(3);
}

TEST(PlanWaits, SleepsOnWhenWokenEarly) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "30"}});
    scenario.expect_asleep(30050ms, WaitSource::header);
    world.clock.advance(10s);
    scenario.wake_early();
    scenario.expect_asleep(20050ms, WaitSource::header);
    scenario.wake();
    scenario.expect_send(2);
    EXPECT_EQ(world.clock.steady() - world.gate().until(), 50ms);
}

TEST(PlanWaits, AddsTheDelayThatOnlyTheBodyHad) {
    Settings settings;
    settings.route.attempts = 1;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(429, {}, R"({"retry_after": 42})");
    EXPECT_EQ(scenario.expect_deliver(Reason::rate_limited).retry_after, 42s);
}

TEST(PlanWaits, LeavesAResponseAloneWhoseHeaderHasTheDelay) {
    Settings settings;
    settings.route.attempts = 1;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "42"}}, R"({"retry_after": 42})");
    EXPECT_EQ(scenario.expect_deliver(Reason::rate_limited).retry_after, std::nullopt);
}

TEST(PlanWaits, InventsNoDelayWhereTheApiNamedNone) {
    Settings settings;
    settings.route.attempts = 1;
    Rule rule;
    rule.statuses = {429};
    rule.means = Verdict::rate_limited;
    rule.retry = Retry::always;
    rule.wait_default = 60s;
    settings.dialect.rules = {rule};
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(429);
    EXPECT_EQ(scenario.expect_deliver(Reason::rate_limited).retry_after, std::nullopt);
}

}  // namespace
}  // namespace backstop::policy
