// What exchanges share: breaker, rate gate, pacing, limits, quota. Each is told once of each
// attempt, and gets back what an exchange held of it.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;
using State = CircuitBreaker::State;

Settings touchy(int failures) {
    Settings settings;
    settings.breaker.consecutive_failures = failures;
    settings.route.attempts = 1;
    return settings;
}

State state(World& world) {
    return world.standing.breaker.state(world.clock.steady());
}

// One exchange of one attempt.
void exchange(World& world, int status) {
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(status);
    if (std::holds_alternative<Deliver>(scenario.step())) scenario.commit();
}

TEST(PlanBreaker, OpensOnFailures) {
    World world(touchy(2));
    exchange(world, 500);
    EXPECT_EQ(state(world), State::closed);
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_fails(test::refused_connection());
    EXPECT_EQ(state(world), State::open);
}

TEST(PlanBreaker, IsNotMovedByRefusalsAndRejections) {
    for (const int status : {400, 401, 402, 404, 409, 422, 429}) {
        SCOPED_TRACE(status);
        World world(touchy(1));
        exchange(world, status);
        EXPECT_EQ(state(world), State::closed);
    }
}

TEST(PlanBreaker, CountsAServerErrorThatMayBeRetried) {
    Settings settings = touchy(1);
    Rule rule;
    rule.statuses = {500};
    rule.retry = Retry::always;
    settings.dialect.rules = {rule};
    World world(settings);
    exchange(world, 500);
    EXPECT_EQ(state(world), State::open);
}

TEST(PlanBreaker, RefusesWhileOpen) {
    World world(touchy(1));
    exchange(world, 500);
    world.clock.advance(2s);
    Scenario scenario(world, {.method = "GET"});
    const Substitute& error = scenario.expect_error(503, Reason::circuit_open);
    EXPECT_EQ(error.retry_after, 3s);
    EXPECT_EQ(scenario.record().denied, Denied::breaker);
    EXPECT_EQ(scenario.record().counted_attempts(), 0);
}

TEST(PlanBreaker, DegradesWhileOpenWhereTheRouteCan) {
    Settings settings = touchy(1);
    settings.route.fallbacks = {test::fallback_on({Reason::circuit_open})};
    World world(settings);
    exchange(world, 500);
    Scenario scenario(world, {.method = "POST"});
    scenario.expect_fallback(Reason::circuit_open);
}

TEST(PlanBreaker, EndsAnExchangeAtOnceThatItWouldRefuseLater) {
    Settings settings = touchy(1);
    settings.route.attempts = 3;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);  // a second from now it would still be open
    EXPECT_EQ(scenario.record().denied, Denied::breaker);
}

TEST(PlanBreaker, LetsAnExchangeWaitUntilItIsHalfOpen) {
    Settings settings = touchy(1);
    settings.route.attempts = 3;
    World world(settings);
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(429, {{"retry-after", "6"}});
    CircuitBreaker& breaker = world.standing.breaker;
    breaker.failed(breaker.admit(true, world.clock.steady()), world.clock.steady());
    EXPECT_EQ(state(world), State::open);
    scenario.wake();
    scenario.expect_send(2);
    EXPECT_EQ(state(world), State::half_open);
}

TEST(PlanBreaker, ClosesAfterTwoCommittedResponses) {
    World world(touchy(1));
    exchange(world, 500);
    world.clock.advance(5s);
    exchange(world, 200);
    EXPECT_EQ(state(world), State::half_open);
    exchange(world, 200);
    EXPECT_EQ(state(world), State::closed);
}

TEST(PlanBreaker, HearsOfASuccessOnlyWhenItIsCommitted) {
    World world(touchy(1));
    exchange(world, 500);
    world.clock.advance(5s);
    exchange(world, 200);
    Scenario probe(world, {.method = "GET"});
    probe.expect_send(1);
    probe.upstream_answers(200);
    EXPECT_EQ(state(world), State::half_open);
    probe.commit();
    EXPECT_EQ(state(world), State::closed);
}

TEST(PlanBreaker, TakesABreakInTheBodyForAFailure) {
    World world(touchy(1));
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(200);
    scenario.upstream_fails(test::truncated_response());
    EXPECT_EQ(state(world), State::open);
    EXPECT_EQ(world.standing.breaker.transitions().open, 1u);
}

TEST(PlanBreaker, HearsOnceOfAnErrorThatBreaksInItsBody) {
    World world(touchy(2));
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.upstream_fails(test::truncated_response());
    EXPECT_EQ(state(world), State::closed);
}

TEST(PlanBreaker, CountsAResponseThatNobodyCommitted) {
    World world(touchy(1));
    exchange(world, 500);
    world.clock.advance(5s);
    for (int i = 0; i < 2; ++i) {
        Scenario scenario(world, {.method = "GET"});
        scenario.expect_send(1);
        scenario.upstream_answers(200);
        scenario.client_leaves();
    }
    EXPECT_EQ(state(world), State::closed);
}

TEST(PlanBreaker, GetsItsProbeBackFromAClientThatLeaves) {
    World world(touchy(1));
    exchange(world, 500);
    world.clock.advance(5s);
    Scenario probe(world, {.method = "GET"});
    probe.expect_send(1);
    Scenario other(world, {.method = "GET"});
    other.expect_error(503, Reason::circuit_open);
    probe.client_leaves();
    Scenario next(world, {.method = "GET"});
    next.expect_send(1);
}

TEST(PlanBreaker, KeepsNoProbeWithARequestThatWaitsElsewhere) {
    World world(touchy(1));
    exchange(world, 500);
    world.clock.advance(5s);
    world.gate().close(world.clock.steady() + 10s, Gate::Kind::rate, world.clock.steady());
    Scenario waits(world, {.method = "GET"});
    waits.expect_asleep(10s, WaitSource::gate);
    EXPECT_TRUE(world.standing.breaker.admit(true, world.clock.steady()).admitted);
}

TEST(PlanBreaker, KeepsNoProbeWithARequestThatIsRefused) {
    World world(touchy(1));
    exchange(world, 500);
    world.clock.advance(5s);
    world.gate().close(world.clock.steady() + 70s, Gate::Kind::rate, world.clock.steady());
    Scenario refused(world, {.method = "GET"});
    refused.expect_error(429, Reason::rate_limited);
    EXPECT_TRUE(world.standing.breaker.admit(true, world.clock.steady()).admitted);
}

TEST(PlanBreaker, GivesAKeylessWriteASingleAttempt) {
    Settings settings = touchy(1);
    settings.route.attempts = 3;
    World world(settings);
    exchange(world, 500);
    world.clock.advance(10s);  // one open period, and one in which nothing better came
    Scenario write(world, {.method = "POST"});
    write.expect_send(1);
    write.upstream_answers(429);
    write.expect_deliver(Reason::rate_limited);
    EXPECT_EQ(write.record().denied, Denied::breaker);
}

TEST(PlanBreaker, StaysOpenForTheDelayOfA503) {
    World world(touchy(1));
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(503, {{"retry-after", "40"}});
    EXPECT_EQ(world.standing.breaker.open_for(world.clock.steady()), 40s);
}

TEST(PlanGate, ClosesForEveryoneOnA429) {
    World world;
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(429, {{"retry-after", "30"}});
    first.expect_asleep(30050ms, WaitSource::header);
    Scenario second(world, {.method = "POST"});
    second.expect_wait(30s, WaitSource::gate);
    second.expect_send(1);
    second.upstream_answers(200);
    EXPECT_EQ(second.record().attempts.front().waited, 30s);
    EXPECT_EQ(second.record().attempts.front().wait_source, WaitSource::gate);
}

TEST(PlanGate, ClosesForTheBackoffWhereTheApiNamesNoDelay) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(429);
    EXPECT_EQ(world.gate().until() - world.clock.steady(), 1s);
}

TEST(PlanGate, RefusesAtOnceWhatItsWaitDoesNotFit) {
    World world;
    world.gate().close(world.clock.steady() + 70s, Gate::Kind::rate, world.clock.steady());
    Scenario scenario(world, {.method = "GET"});
    EXPECT_EQ(scenario.expect_error(429, Reason::rate_limited).retry_after, 70s);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
    EXPECT_EQ(world.gate().waiting(), 0);
}

TEST(PlanGate, RefusesAtOnceWhatWouldHaveNoTimeLeftThen) {
    for (const auto& [left, waits] : {std::pair{249ms, false}, {250ms, true}}) {
        World world;
        const Instant until = world.clock.steady() + 60s - left;
        world.gate().close(until, Gate::Kind::rate, world.clock.steady());
        Scenario scenario(world, {.method = "GET"});
        EXPECT_EQ(std::holds_alternative<Wait>(scenario.step()), waits);
    }
}

TEST(PlanGate, RefusesWhenTheQueueIsFull) {
    Settings settings;
    settings.gate.queue = 1;
    World world(settings);
    world.gate().close(world.clock.steady() + 10s, Gate::Kind::rate, world.clock.steady());
    Scenario waits(world, {.method = "GET"});
    waits.expect_asleep(10s, WaitSource::gate);
    Scenario refused(world, {.method = "GET"});
    EXPECT_EQ(refused.expect_error(429, Reason::rate_limited).retry_after, 10s);
    EXPECT_EQ(refused.record().denied, Denied::queue);
    waits.client_leaves();
    Scenario next(world, {.method = "GET"});
    next.expect_asleep(10s, WaitSource::gate);
}

TEST(PlanGate, DegradesWhereTheRouteCan) {
    Settings settings;
    settings.route.deadline = 5s;
    settings.route.fallbacks = {test::fallback_on({Reason::rate_limited})};
    World world(settings);
    world.gate().close(world.clock.steady() + 10s, Gate::Kind::rate, world.clock.steady());
    Scenario scenario(world, {.method = "POST"});
    scenario.expect_fallback(Reason::rate_limited);
}

TEST(PlanGate, WakesItsWaitersWhenItOpensEarly) {
    World world;
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(429, {{"retry-after", "30"}});
    Scenario waits(world, {.method = "GET"});
    waits.expect_asleep(30s, WaitSource::gate);
    const auto generation = waits.plan().gate().generation();
    world.clock.advance(1s);
    world.gate().succeeded(world.clock.steady(), world.clock.steady());
    EXPECT_NE(waits.plan().gate().generation(), generation);
    waits.wake_early();
    waits.expect_send(1);
}

// An hour's 429, after a minute of which one request is let through; 0: nobody answers it.
bool closed_after_trial(int status, const Settings& settings = {}) {
    World world(settings);
    world.gate().close(world.clock.steady() + 1h, Gate::Kind::rate, world.clock.steady());
    world.clock.advance(60s);
    Scenario trial(world, {.method = "GET", .attempts_wish = 1});
    trial.expect_fresh_send(1);
    trial.takes(80ms);
    if (status == 0)
        trial.upstream_fails(test::broken_connection());
    else
        trial.upstream_answers(status);
    return world.gate().closed(world.clock.steady());
}

TEST(PlanGate, OpensForASuccessThatBeganAfterThe429) {
    EXPECT_FALSE(closed_after_trial(200));
}

// A limit that is in force would have answered 429, whatever the API thinks of the request.
TEST(PlanGate, OpensForAnyJudgementOfARequestThatBeganAfterThe429) {
    for (const int status : {204, 302, 400, 401, 402, 403, 404, 409, 422}) {
        SCOPED_TRACE(status);
        EXPECT_FALSE(closed_after_trial(status));
    }
}

TEST(PlanGate, StaysClosedForAnswersThatProveNothing) {
    for (const int status : {408, 421, 429, 500, 501, 502, 503, 504}) {
        SCOPED_TRACE(status);
        EXPECT_TRUE(closed_after_trial(status));
    }
    EXPECT_TRUE(closed_after_trial(0));  // no answer at all
}

// As Levrage's quota_exceeded: final, and with a 429 all the same.
TEST(PlanGate, StaysClosedForA429ThatIsNeverRetried) {
    Settings settings;
    Rule rule;
    rule.statuses = {429};
    rule.means = Verdict::quota_spent;
    rule.retry = Retry::never;
    settings.dialect.rules = {rule};
    EXPECT_TRUE(closed_after_trial(429, settings));
}

TEST(PlanGate, IsNotOpenedByASuccessThatBeganBefore) {
    World world;
    Scenario slow(world, {.method = "GET"});
    slow.expect_send(1);
    world.clock.advance(1s);
    Scenario refused(world, {.method = "GET"});
    refused.expect_send(1);
    refused.upstream_answers(429, {{"retry-after", "30"}});
    slow.takes(1s);
    slow.upstream_answers(200);
    EXPECT_TRUE(world.gate().closed(world.clock.steady()));
}

TEST(PlanGate, EndsAnExchangeAtOnceThatItWouldHoldTooLong) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    world.gate().close(world.clock.steady() + 2min, Gate::Kind::rate, world.clock.steady());
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
}

TEST(PlanGate, HoldsARetryToo) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    world.gate().close(world.clock.steady() + 4s, Gate::Kind::rate, world.clock.steady());
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_wait(3s, WaitSource::gate);
    scenario.expect_send(2);
    scenario.upstream_answers(200);
    const AttemptRecord& second = scenario.record().attempts.back();
    EXPECT_EQ(second.waited, 4s);
    EXPECT_EQ(second.wait_source, WaitSource::backoff);  // the first of the two
}

TEST(PlanGate, IsOneForEachScopeAndCredential) {
    World world;
    Scenario mine(world, {.method = "GET", .credential = 1});
    mine.expect_send(1);
    mine.upstream_answers(429, {{"retry-after", "30"}});
    Scenario same(world, {.method = "GET", .credential = 1});
    same.expect_asleep(30s, WaitSource::gate);
    Scenario other(world, {.method = "GET", .credential = 2});
    other.expect_send(1);
    EXPECT_EQ(&mine.plan().gate(), &same.plan().gate());
    EXPECT_NE(&mine.plan().gate(), &other.plan().gate());
}

TEST(PlanGate, IsOneForAllWhereTheApiThrottlesByAddress) {
    Settings settings;
    settings.dialect.limits_per_address = true;
    World world(settings);
    Scenario mine(world, {.method = "GET", .credential = 1});
    mine.expect_send(1);
    mine.upstream_answers(429, {{"retry-after", "30"}});
    Scenario other(world, {.method = "GET", .credential = 2});
    other.expect_asleep(30s, WaitSource::gate);
    EXPECT_EQ(&mine.plan().gate(), &world.gate());
}

test::Fields limit(const char* remaining) {
    return {{"x-ratelimit-limit", "100"}, {"x-ratelimit-remaining", remaining}};
}

TEST(PlanPacing, SlowsDownNearTheLimit) {
    World world;
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(200, limit("3"));
    Scenario second(world, {.method = "GET"});
    second.expect_wait(1s, WaitSource::pace);
    second.expect_send(1);
    second.upstream_answers(200);
    EXPECT_EQ(second.record().attempts.front().wait_source, WaitSource::pace);
}

TEST(PlanPacing, HoldsNobodyFarFromTheLimit) {
    World world;
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(200, limit("80"));
    Scenario second(world, {.method = "GET"});
    second.expect_send(1);
}

TEST(PlanPacing, CountsTheTimeAlreadyWaited) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500, limit("3"));
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
}

TEST(PlanPacing, NeverCostsARequestItsAnswer) {
    World world;
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(200, limit("3"));
    Scenario hurried(world, {.method = "GET", .timeout_wish = 1200ms});
    hurried.expect_send(1);
}

// A limit of its own, such as that of a day: it holds for all routes, and none needs to name it.
TEST(PlanPacing, HeedsALimitWhoseScopeNoRouteNames) {
    Settings settings;
    LimitShape day;
    day.scope = "day";
    day.limit = {{Source::Place::header, "x-day-limit"}};
    day.remaining = {{Source::Place::header, "x-day-remaining"}};
    settings.dialect.limits.push_back(day);
    World world(settings);
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(200, {{"x-day-limit", "100"}, {"x-day-remaining", "5"}});
    Scenario held(world, {.method = "GET"});
    held.expect_wait(1s, WaitSource::pace);
    held.expect_send(1);
}

TEST(PlanPacing, ForgetsAnAbsurdResetWithTheNextAnswer) {
    Settings settings;
    const Source resets_in{Source::Place::header, "x-resets-in"};
    settings.dialect.limits.front().reset = {{resets_in, DelayFormat::seconds}};
    World world(settings);
    test::Fields refused = limit("0");
    refused.emplace_back("x-resets-in", "40000");
    refused.emplace_back("retry-after", "1");
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    first.upstream_answers(429, refused);
    EXPECT_TRUE(world.limits().last()->reset);
    first.wake();
    first.expect_send(2);
    first.upstream_answers(200, limit("3"));
    EXPECT_FALSE(world.limits().last()->reset);
    world.clock.advance(63s);
    Scenario later(world, {.method = "GET"});
    later.expect_send(1);
}

TEST(PlanPacing, LetsATrialThroughAtOnce) {
    Settings settings;
    settings.gate.trial_after = 20s;
    settings.route.deadline = 10s;
    World world(settings);
    Scenario first(world, {.method = "GET"});
    first.expect_send(1);
    test::Fields fields = limit("0");
    fields.emplace_back("retry-after", "60");
    first.upstream_answers(429, fields);
    world.clock.advance(20s);
    Scenario trial(world, {.method = "GET"});
    trial.expect_send(1);
}

TEST(PlanTrackers, TakeNoteOfLimitsAndQuota) {
    World world;
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    test::Fields fields = limit("42");
    fields.emplace_back("x-quota-remaining", "77");
    scenario.upstream_answers(200, fields);
    ASSERT_TRUE(world.limits().last());
    EXPECT_EQ(world.limits().last()->remaining, 42);
    ASSERT_TRUE(world.standing.quota.last());
    EXPECT_EQ(world.standing.quota.last()->remaining, 77);
}

TEST(PlanTrackers, KeepALimitWithTheGroupOfItsRoute) {
    Settings settings;
    settings.route.scope = "campaigns";
    World world(settings);
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(200, limit("42"));
    EXPECT_TRUE(world.standing.limits("campaigns", 0).limits.last());
    EXPECT_FALSE(world.standing.limits("default", 0).limits.last());
}

}  // namespace
}  // namespace backstop::policy
