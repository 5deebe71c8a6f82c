// What is sent again, how often, and what comes of it.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;

TEST(PlanRetries, DeliversAUsableResponseAtOnce) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1, 10s);
    scenario.takes(80ms);
    scenario.upstream_answers(200);
    const Deliver& deliver = scenario.expect_deliver(Reason::succeeded);
    EXPECT_FALSE(deliver.final_failure);
    EXPECT_FALSE(deliver.retry_after);
    scenario.replay_failing_everywhere();
}

TEST(PlanRetries, DeliversRedirectsAndNotModified) {
    for (const int status : {204, 302, 304}) {
        SCOPED_TRACE(status);
        Scenario scenario({.method = "GET"});
        scenario.expect_send(1);
        scenario.upstream_answers(status);
        scenario.expect_deliver(Reason::succeeded);
    }
}

TEST(PlanRetries, RetriesAServerErrorUntilItPasses) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.upstream_answers(503);
    scenario.expect_wait(2s, WaitSource::backoff);
    scenario.expect_send(3);
    scenario.upstream_answers(200);
    EXPECT_FALSE(scenario.expect_deliver(Reason::succeeded).final_failure);
    EXPECT_EQ(scenario.record().counted_attempts(), 3);
    scenario.replay_failing_everywhere();
}

TEST(PlanRetries, DeliversTheLastResponseWhenAttemptsAreUsedUp) {
    Scenario scenario({.method = "GET"});
    for (int attempt = 1; attempt <= 3; ++attempt) {
        scenario.expect_send(attempt);
        scenario.upstream_answers(500);
        scenario.wake();
    }
    EXPECT_TRUE(scenario.expect_deliver(Reason::server_error).final_failure);
    EXPECT_EQ(scenario.record().denied, Denied::attempts);
    scenario.replay_failing_everywhere();
}

TEST(PlanRetries, AnswersItselfWhenThereWasNoResponse) {
    Scenario scenario({.method = "GET"});
    for (int attempt = 1; attempt <= 3; ++attempt) {
        scenario.expect_send(attempt);
        scenario.upstream_fails(test::refused_connection());
        scenario.wake();
    }
    const Substitute& error = scenario.expect_error(502, Reason::unreachable);
    EXPECT_EQ(error.failure, FailureKind::connect);
    EXPECT_EQ(error.stage, Stage::connect);
    EXPECT_FALSE(error.outcome_unknown);
    scenario.replay_failing_everywhere();
}

TEST(PlanRetries, TellsATimeoutFromAnUnreachableUpstream) {
    Settings settings;
    settings.route.attempts = 1;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.takes(10s);
    scenario.upstream_fails(test::timed_out());
    scenario.expect_error(504, Reason::timeout);
}

TEST(PlanRetries, NeverRetriesADefiniteAnswer) {
    for (const int status : {400, 401, 403, 404, 405, 409, 410, 422}) {
        SCOPED_TRACE(status);
        Scenario scenario({.method = "GET"});
        scenario.expect_send(1);
        scenario.upstream_answers(status);
        EXPECT_FALSE(scenario.expect_deliver(Reason::rejected).final_failure);
        EXPECT_EQ(scenario.record().denied, std::nullopt);
        EXPECT_FALSE(scenario.record().judgement);
    }
}

TEST(PlanRetries, NeverRetriesAnExhaustedQuota) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(402, {}, R"({"reason": "trial_expired"})");
    scenario.expect_deliver(Reason::quota_exhausted);
    EXPECT_EQ(scenario.record().quota_reason, "trial_expired");
}

TEST(PlanRetries, TakesAFreshConnectionAfterAMisdirectedRequest) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    EXPECT_FALSE(std::get<Send>(scenario.step()).fresh);
    scenario.upstream_answers(421);
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_fresh_send(2);
}

TEST(PlanRetries, GivesTheNextAttemptMoreTimeWhereTheRuleSaysSo) {
    Settings settings;
    Rule rule;
    rule.statuses = {504};
    rule.retry = Retry::always;
    rule.timeout_factor = 2;
    settings.dialect.rules = {rule};
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1, 10s);
    scenario.upstream_answers(504);
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2, 20s);
    scenario.upstream_answers(504);
    scenario.expect_wait(2s, WaitSource::backoff);
    scenario.expect_send(3, 40s);
}

TEST(PlanRetries, RecordsTheWholeStory) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.takes(120ms);
    scenario.upstream_answers(503, {}, R"({"code": "maintenance", "request_id": "req_1"})");
    scenario.expect_wait(1s, WaitSource::backoff);
    scenario.expect_send(2);
    scenario.takes(30ms);
    scenario.upstream_fails(test::broken_connection());
    scenario.expect_wait(2s, WaitSource::backoff);
    scenario.expect_send(3);
    scenario.takes(45ms);
    scenario.upstream_answers(200);

    const Record& record = scenario.record();
    ASSERT_EQ(record.attempts.size(), 3u);
    const AttemptRecord& first = record.attempts[0];
    EXPECT_EQ(first.number, 1);
    EXPECT_EQ(first.status, 503);
    EXPECT_EQ(first.failure, FailureKind::none);
    EXPECT_EQ(first.took, 120ms);
    EXPECT_EQ(first.waited, 0s);
    EXPECT_EQ(first.wait_source, WaitSource::none);
    EXPECT_EQ(first.verdict, Verdict::transient);
    EXPECT_EQ(first.evidence, Evidence::ambiguous);
    const AttemptRecord& second = record.attempts[1];
    EXPECT_EQ(second.status, 0);
    EXPECT_EQ(second.failure, FailureKind::reset);
    EXPECT_EQ(second.stage, Stage::await_head);
    EXPECT_EQ(second.took, 30ms);
    EXPECT_EQ(second.waited, 1s);
    EXPECT_EQ(second.wait_source, WaitSource::backoff);
    EXPECT_EQ(record.attempts[2].waited, 2s);
    EXPECT_EQ(record.attempts[2].verdict, Verdict::ok);

    ASSERT_EQ(record.retries.size(), 2u);
    EXPECT_EQ(record.retries[0].reason, Reason::server_error);
    EXPECT_EQ(record.retries[0].source, WaitSource::backoff);
    EXPECT_EQ(record.retries[0].wait, 1s);
    EXPECT_TRUE(record.retries[0].made);
    EXPECT_EQ(record.retries[1].reason, Reason::unreachable);
    EXPECT_EQ(record.error_code, "maintenance");
    EXPECT_EQ(record.request_id, "req_1");
    EXPECT_EQ(record.denied, std::nullopt);
}

TEST(PlanRetries, NamesTheRuleThatMatched) {
    Settings settings;
    Rule rule;
    rule.name = "maintenance";
    rule.statuses = {503};
    rule.retry = Retry::always;
    settings.dialect.rules = {rule};
    Scenario scenario({.method = "POST"}, settings);
    scenario.expect_send(1);
    scenario.upstream_answers(503);
    scenario.expect_wait(1s, WaitSource::backoff);
    EXPECT_EQ(scenario.record().attempts.front().rule, "maintenance");
    EXPECT_EQ(scenario.record().attempts.front().evidence, Evidence::refused);
}

TEST(PlanRetries, KeepsWhatItsLastJudgementWasMadeFrom) {
    Settings settings;
    Scenario scenario({.method = "GET"}, settings);
    scenario.expect_send(1);
    scenario.takes(2s);
    scenario.upstream_answers(429, {{"retry-after", "5"}});
    const auto& judgement = scenario.record().judgement;
    ASSERT_TRUE(judgement);
    EXPECT_EQ(judgement->decision.action, Decision::Action::retry);
    EXPECT_TRUE(judgement->decision.free);
    ASSERT_TRUE(judgement->hint);
    EXPECT_EQ(judgement->hint->delay, 5s);
    EXPECT_EQ(judgement->facts.left, 58s);
    EXPECT_EQ(judgement->facts.gate_closed, 5s);
    EXPECT_GT(judgement->facts.budget, 0);

    // With the same numbers it comes out the same: that is what `explain` does.
    Classification outcome;
    outcome.verdict = Verdict::rate_limited;
    outcome.evidence = Evidence::refused;
    outcome.retry = Retry::always;
    outcome.hint = judgement->hint;
    const Decision again = would_retry(settings.retry, outcome, judgement->facts, judgement->roll);
    EXPECT_EQ(again.action, judgement->decision.action);
    EXPECT_EQ(again.delay.wait, judgement->decision.delay.wait);
}

TEST(PlanRetries, DoesNotCallARetryMadeThatTheClientDidNotStayFor) {
    Scenario scenario({.method = "GET"});
    scenario.expect_send(1);
    scenario.upstream_answers(500);
    scenario.expect_asleep(1s, WaitSource::backoff);
    ASSERT_EQ(scenario.record().retries.size(), 1u);
    EXPECT_FALSE(scenario.record().retries.front().made);
}

}  // namespace
}  // namespace backstop::policy
