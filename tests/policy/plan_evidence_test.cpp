// What may be sent again: evidence first, then method, route and key. And the keep-alive race.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

Settings keyed() {
    Settings settings;
    settings.route.keyed = true;
    return settings;
}

Settings unsafe(Unsafe unsafe) {
    Settings settings = keyed();
    settings.retry.unsafe = unsafe;
    return settings;
}

bool retried(Scenario& scenario) {
    return std::holds_alternative<Wait>(scenario.step());
}

TEST(PlanEvidence, DecidesByWhatTheOutcomeProves) {
    struct Row {
        std::string_view name;
        test::Happening happening;
        bool keyless_write;
        bool repeatable;
    };
    using test::failure_at;
    const std::vector<Row> rows{
        {"no address", {.failure = failure_at(Stage::resolve)}, true, true},
        {"no connection", {.failure = failure_at(Stage::connect)}, true, true},
        {"no handshake", {.failure = failure_at(Stage::handshake)}, true, true},
        {"broken while sending", {.failure = failure_at(Stage::send)}, false, true},
        {"broken before the head", {.failure = failure_at(Stage::await_head)}, false, true},
        {"broken in the body", {.failure = failure_at(Stage::receive_body)}, false, true},
        {"timed out", {.failure = test::timed_out()}, false, true},
        {"429", {.status = 429}, true, true},
        {"421", {.status = 421}, true, true},
        {"500", {.status = 500}, false, true},
        {"503", {.status = 503}, false, true},
        {"599", {.status = 599}, false, true},
        {"404", {.status = 404}, false, false},
        {"409", {.status = 409}, false, false},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        for (const std::string_view method : {"POST", "PATCH"}) {
            Scenario write({.method = method});
            write.expect_send(1);
            write.happens(row.happening);
            EXPECT_EQ(retried(write), row.keyless_write) << method;
        }
        for (const std::string_view method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
            Scenario repeatable({.method = method});
            repeatable.expect_send(1);
            repeatable.happens(row.happening);
            EXPECT_EQ(retried(repeatable), row.repeatable) << method;
        }
    }
}

TEST(PlanEvidence, SaysWhyAKeylessWriteIsNotRepeated) {
    Scenario scenario({.method = "POST"});
    scenario.expect_send(1);
    scenario.upstream_fails(test::broken_connection());
    EXPECT_TRUE(scenario.expect_error(502, Reason::unreachable).outcome_unknown);
    EXPECT_EQ(scenario.record().denied, Denied::unsafe);
    EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::unknown);
    scenario.replay_failing_everywhere();
}

TEST(PlanEvidence, RepeatsAWriteWithAKeyThatTheApiHonours) {
    for (const KeySource key : {KeySource::passed, KeySource::minted, KeySource::derived}) {
        Scenario scenario({.method = "POST", .key = key}, keyed());
        scenario.expect_send(1);
        scenario.upstream_fails(test::broken_connection());
        scenario.expect_wait(1s, WaitSource::backoff);
        scenario.expect_send(2);
        scenario.upstream_answers(200);
        scenario.expect_deliver(Reason::succeeded);
        EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::retried);
        scenario.replay_failing_everywhere();
    }
}

TEST(PlanEvidence, TrustsNoKeyThatTheApiDoesNotHonour) {
    Scenario scenario({.method = "POST", .key = KeySource::passed});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    EXPECT_FALSE(scenario.expect_deliver(Reason::server_error).final_failure)
        << "whoever sends keys knows what they are for";
    EXPECT_EQ(scenario.record().denied, Denied::unsafe);
}

// Many SDKs would: a call that must not be dialled again here must not be dialled again by them.
TEST(PlanEvidence, TellsTheClientNotToRepeatAKeylessWriteEither) {
    Scenario scenario({.method = "POST"});
    scenario.expect_send(1);
    scenario.upstream_answers(503);
    EXPECT_TRUE(scenario.expect_deliver(Reason::server_error).final_failure);
    EXPECT_EQ(scenario.record().denied, Denied::unsafe);
    scenario.replay_failing_everywhere();
}

// What their SDK sends again has another key if ours was minted, and the same if it was not.
TEST(PlanEvidence, TellsTheClientNotToRepeatAWriteUnderAnotherKey) {
    Settings one_attempt = keyed();
    one_attempt.route.attempts = 1;
    Settings no_budget = keyed();
    no_budget.retry.budget = {.ratio = 0, .per_second = 0};
    const struct {
        Settings settings;
        bool body_kept;
        Denied denied;
    } rows[] = {
        {one_attempt, true, Denied::attempts},
        {no_budget, true, Denied::budget},
        {keyed(), false, Denied::body},
        {unsafe(Unsafe::never), true, Denied::unsafe},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(word(row.denied));
        for (const KeySource key : {KeySource::minted, KeySource::passed, KeySource::derived}) {
            Scenario scenario(
                {.method = "POST", .key = key, .body_kept = row.body_kept}, row.settings
            );
            scenario.expect_send(1);
            scenario.upstream_answers(502);
            const Deliver& deliver = scenario.expect_deliver(Reason::server_error);
            EXPECT_EQ(deliver.final_failure, key == KeySource::minted);
            EXPECT_EQ(scenario.record().denied, row.denied);
            scenario.replay_failing_everywhere();
        }
    }
}

TEST(PlanEvidence, LetsTheClientRepeatUnderAnotherKeyWhatWasNotActedOn) {
    Settings settings = keyed();
    settings.route.attempts = 1;
    for (const int status : {421, 429}) {
        Scenario scenario({.method = "POST", .key = KeySource::minted}, settings);
        scenario.expect_send(1);
        scenario.upstream_answers(status);
        ASSERT_TRUE(std::holds_alternative<Deliver>(scenario.step()));
        EXPECT_FALSE(std::get<Deliver>(scenario.step()).final_failure) << status;
    }
}

TEST(PlanEvidence, RepeatsWhatTheRouteCallsIdempotent) {
    Settings settings;
    settings.route.idempotent = true;
    Scenario scenario({.method = "POST"}, settings);
    scenario.expect_send(1);
    scenario.upstream_fails(test::timed_out());
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(200);
    scenario.replay_failing_everywhere();
}

TEST(PlanEvidence, RepeatsNoKeyedWriteWhereThatIsTurnedOff) {
    Scenario scenario({.method = "POST", .key = KeySource::minted}, unsafe(Unsafe::never));
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_deliver(Reason::server_error);
    EXPECT_EQ(scenario.record().denied, Denied::unsafe);
    scenario.replay_failing_everywhere();
}

TEST(PlanEvidence, RepeatsAnythingWhereThatIsAskedFor) {
    Scenario scenario({.method = "POST"}, unsafe(Unsafe::always));
    scenario.expect_fresh_send(1);
    scenario.upstream_fails(test::broken_connection());
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(200);
    scenario.replay_failing_everywhere();
}

TEST(PlanEvidence, RepeatsAWriteThatTheDialectCallsSafe) {
    Settings settings;
    Rule rule;
    rule.statuses = {500};
    rule.retry = Retry::always;
    settings.dialect.rules = {rule};
    Scenario scenario({.method = "POST"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(200);
    EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::none);
}

TEST(PlanEvidence, RepeatsNothingWhoseBytesAreGone) {
    Scenario scenario({.method = "PUT", .body_kept = false});
    scenario.expect_fresh_send(1);
    scenario.upstream_fails(test::refused_connection());
    scenario.expect_error(502, Reason::unreachable);
    EXPECT_EQ(scenario.record().denied, Denied::body);
}

TEST(PlanEvidence, RepeatsNothingWhoseBytesWereLostOnTheWay) {
    Scenario scenario({.method = "PUT"});
    scenario.expect_send(1);
    scenario.plan().body_lost();
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_error(502, Reason::unreachable);
    EXPECT_EQ(scenario.record().denied, Denied::body);
}

TEST(PlanEvidence, RepeatsNothingWhoseBytesWereLostWhileItWaited) {
    Scenario scenario({.method = "PUT"});
    scenario.expect_send(1);
    scenario.upstream_answers_whole(429);  // early, while the client is still sending
    scenario.expect_asleep(1s, WaitSource::backoff);
    scenario.plan().body_lost();
    scenario.wake();
    scenario.expect_deliver(Reason::rate_limited);
    EXPECT_EQ(scenario.record().denied, Denied::body);
}

TEST(PlanEvidence, IsUnknownUntilAnAttemptIsAnswered) {
    Scenario scenario({.method = "DELETE"});
    scenario.expect_send(1);
    scenario.upstream_fails(test::timed_out());
    scenario.wake();
    scenario.expect_send(2);
    scenario.upstream_fails(test::refused_connection());
    scenario.wake();
    scenario.expect_send(3);
    scenario.upstream_answers(429);  // says nothing of the first
    EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::unknown);
    scenario.expect_deliver(Reason::rate_limited);
}

TEST(PlanEvidence, IsNeverUnknownForWhatChangesNothing) {
    Scenario scenario({.method = "GET", .attempts_wish = 1});
    scenario.expect_send(1);
    scenario.upstream_fails(test::broken_connection());
    EXPECT_FALSE(scenario.expect_error(502, Reason::unreachable).outcome_unknown);
    EXPECT_EQ(scenario.record().ambiguous, Record::Ambiguous::none);
}

TEST(PlanKeepAliveRace, IsRepeatedAtOnceOnAFreshConnection) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_fresh_send(1);
    scenario.upstream_answers(200);
    scenario.expect_deliver(Reason::succeeded);
    const Record& record = scenario.record();
    ASSERT_EQ(record.attempts.size(), 2u);
    EXPECT_TRUE(record.attempts[0].reused);
    EXPECT_EQ(record.counted_attempts(), 1);
    EXPECT_TRUE(record.retries.empty());
    scenario.replay_failing_everywhere();
}

TEST(PlanKeepAliveRace, IsNotWaitedFor) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_fresh_send(2);
    scenario.upstream_answers(200);
    const Record& record = scenario.record();
    ASSERT_EQ(record.attempts.size(), 3u);
    EXPECT_EQ(record.attempts[1].waited, 1s);
    EXPECT_EQ(record.attempts[2].waited, 0s);
    EXPECT_EQ(record.attempts[2].wait_source, WaitSource::none);
}

TEST(PlanKeepAliveRace, IsOutsideTheAttemptCount) {
    Scenario scenario({.method = "GET", .attempts_wish = 2});
    scenario.expect_send(1);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_fresh_send(1);
    scenario.upstream_answers(500);
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_fresh_send(2);
    scenario.replay_failing_everywhere();
}

TEST(PlanKeepAliveRace, IsNotRepeatedWhereOneAttemptIsAllowed) {
    Settings never_retry;
    never_retry.route.attempts = 1;
    for (const auto& [request, settings] : {
             std::pair(Request{.method = "GET"}, never_retry),
             std::pair(Request{.method = "GET", .attempts_wish = 1}, Settings{}),
             std::pair(Request{.method = "PUT", .attempts_wish = 1}, Settings{}),
             std::pair(
                 Request{.method = "POST", .key = KeySource::passed, .attempts_wish = 1}, keyed()
             ),
         }) {
        Scenario scenario(request, settings);
        scenario.expect_fresh_send(1);  // so that it is hardly ever lost
        scenario.upstream_fails(test::stale_connection());
        scenario.expect_error(502, Reason::unreachable);
        EXPECT_EQ(scenario.record().denied, Denied::attempts);
        scenario.replay_failing_everywhere();
    }
}

TEST(PlanKeepAliveRace, IsRepeatedInASingleAttemptOfWhichNothingWasWritten) {
    Scenario scenario({.method = "GET", .attempts_wish = 1});
    scenario.expect_fresh_send(1);
    Failure failure = test::failure_at(Stage::send);
    failure.reused = true;
    failure.written_any = false;
    scenario.upstream_fails(failure);
    scenario.expect_fresh_send(1);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_error(502, Reason::unreachable);
}

TEST(PlanKeepAliveRace, IsLostOnceOnly) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_fresh_send(1);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_fresh_send(2);
    scenario.replay_failing_everywhere();
}

TEST(PlanKeepAliveRace, IsNotForKeylessWrites) {
    Scenario scenario({.method = "POST"});
    scenario.expect_fresh_send(1);
    scenario.upstream_fails(test::stale_connection());
    EXPECT_TRUE(scenario.expect_error(502, Reason::unreachable).outcome_unknown);
}

TEST(PlanKeepAliveRace, IsForAnyRequestOfWhichNothingWasWritten) {
    Scenario scenario({.method = "POST"});
    scenario.expect_send(1);
    Failure failure = test::failure_at(Stage::send);
    failure.reused = true;
    failure.written_any = false;
    scenario.upstream_fails(failure);
    scenario.expect_fresh_send(1);
}

TEST(PlanKeepAliveRace, IsNoExcuseForASlowUpstream) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    Failure failure = test::timed_out();
    failure.reused = true;
    scenario.upstream_fails(failure);
    scenario.expect_wait(1s, WaitSource::backoff);
}

TEST(PlanKeepAliveRace, IsOverOnceTheUpstreamHasSpoken) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    Failure failure = test::stale_connection();
    failure.answered_any = true;
    scenario.upstream_fails(failure);
    scenario.expect_wait(1s, WaitSource::backoff);
}

TEST(PlanKeepAliveRace, CountsForNothingWithTheBreaker) {
    Settings settings;
    settings.breaker.consecutive_failures = 1;
    World world(settings);
    Scenario scenario(world, {.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_fails(test::stale_connection());
    EXPECT_EQ(world.standing.breaker.state(world.clock.steady()), CircuitBreaker::State::closed);
}

TEST(PlanKeepAliveRace, EndsWithTheDeadline) {
    Scenario scenario({.method = "GET", .timeout_wish = 1s});
    scenario.expect_send(1);
    scenario.takes(1s);
    scenario.upstream_fails(test::stale_connection());
    scenario.expect_error(502, Reason::unreachable);
    EXPECT_EQ(scenario.record().denied, Denied::deadline);
}

}  // namespace
}  // namespace backstop::policy
