#include "policy/retry_policy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string_view>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;

Classification server_error() {
    Classification outcome;
    outcome.verdict = Verdict::transient;
    outcome.evidence = Evidence::ambiguous;
    outcome.retry = Retry::repeatable;
    outcome.reason = Reason::server_error;
    return outcome;
}

Classification rate_limited(std::optional<Duration> hint = {}) {
    Classification outcome;
    outcome.verdict = Verdict::rate_limited;
    outcome.evidence = Evidence::refused;
    outcome.retry = Retry::always;
    outcome.reason = Reason::rate_limited;
    if (hint) outcome.hint = Hint{*hint, WaitSource::header};
    return outcome;
}

RetryFacts plenty() {
    RetryFacts facts;
    facts.may_repeat = true;
    facts.left = 60s;
    return facts;
}

TEST(IsRepeatable, IsDecidedFromTheRequest) {
    struct Row {
        std::string_view name;
        std::string_view method;
        KeySource key;
        bool keyed;
        bool idempotent;
        Unsafe unsafe;
        bool expected;
    };
    using enum Unsafe;
    const std::vector<Row> rows{
        {"by method", "GET", KeySource::none, false, false, never, true},
        {"methods are case-sensitive", "get", KeySource::none, false, false, keyed, false},
        {"keyless write", "POST", KeySource::none, false, false, keyed, false},
        {"honoured key", "POST", KeySource::minted, true, false, keyed, true},
        {"honoured key of the client's", "PATCH", KeySource::passed, true, false, keyed, true},
        {"keys are not trusted", "POST", KeySource::minted, true, false, never, false},
        {"key that the API ignores", "POST", KeySource::passed, false, false, keyed, false},
        {"keyed route without a key", "POST", KeySource::none, true, false, keyed, false},
        {"by route", "POST", KeySource::none, false, true, never, true},
        {"carelessness is no proof", "POST", KeySource::none, false, false, always, false},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        RetryOptions options;
        options.unsafe = row.unsafe;
        Route route;
        route.keyed = row.keyed;
        route.idempotent = row.idempotent;
        EXPECT_EQ(is_repeatable(options, route, row.method, row.key), row.expected);
    }
}

TEST(WouldRetry, SaysWhyNot) {
    struct Row {
        std::string_view name;
        Classification outcome;
        RetryFacts facts;
        std::optional<Denied> denied;
    };
    const auto with = [](auto change) {
        RetryFacts facts = plenty();
        change(facts);
        return facts;
    };
    using Facts = RetryFacts;
    const std::vector<Row> rows{
        {"nothing in the way", server_error(), plenty(), {}},
        {"unsafe", server_error(), with([](Facts& f) { f.may_repeat = false; }), Denied::unsafe},
        {"refused is safe", rate_limited(), with([](Facts& f) { f.may_repeat = false; }), {}},
        {"body", server_error(), with([](Facts& f) { f.body_kept = false; }), Denied::body},
        {"attempts", server_error(), with([](Facts& f) { f.made = 3; }), Denied::attempts},
        {"probe", server_error(), with([](Facts& f) { f.single_attempt = true; }), Denied::breaker},
        {"max_wait", rate_limited(76s), with([](Facts& f) { f.left = 1h; }), Denied::max_wait},
        {"just bearable", rate_limited(75s), with([](Facts& f) { f.left = 1h; }), {}},
        {"late", server_error(), with([](Facts& f) { f.left = 1249ms; }), Denied::deadline},
        {"just in time", server_error(), with([](Facts& f) { f.left = 1250ms; }), {}},
        {"draining",
         server_error(),
         with([](Facts& f) {
             f.left = 1s;
             f.draining = true;
         }),
         Denied::draining},
        {"gate too long",
         server_error(),
         with([](Facts& f) { f.gate_closed = 60s; }),
         Denied::deadline},
        {"gate opens in time", server_error(), with([](Facts& f) { f.gate_closed = 50s; }), {}},
        {"breaker", server_error(), with([](Facts& f) { f.breaker_open = 5s; }), Denied::breaker},
        {"breaker half open by then",
         server_error(),
         with([](Facts& f) { f.breaker_open = 1s; }),
         {}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision decision = would_retry({}, row.outcome, row.facts, 0);
        EXPECT_EQ(decision.denied, row.denied);
        EXPECT_EQ(decision.action == Decision::Action::retry, !row.denied);
    }
}

TEST(WouldRetry, ReportsTheFirstReasonOfSeveral) {
    RetryFacts facts;
    facts.body_kept = false;
    facts.made = 3;
    EXPECT_EQ(would_retry({}, server_error(), facts, 0).denied, Denied::unsafe);
    facts.may_repeat = true;
    EXPECT_EQ(would_retry({}, server_error(), facts, 0).denied, Denied::body);
    facts.body_kept = true;
    EXPECT_EQ(would_retry({}, server_error(), facts, 0).denied, Denied::attempts);
    facts.made = 1;
    EXPECT_EQ(would_retry({}, server_error(), facts, 0).denied, Denied::deadline);
}

TEST(WouldRetry, DeniesNothingThatTheOutcomeDoesNotCallFor) {
    Classification rejected;
    rejected.verdict = Verdict::rejected;
    const Decision decision = would_retry({}, rejected, {}, 0);
    EXPECT_EQ(decision.action, Decision::Action::finish);
    EXPECT_EQ(decision.denied, std::nullopt);

    Classification definite = server_error();
    definite.evidence = Evidence::definite;
    EXPECT_EQ(would_retry({}, definite, plenty(), 0).action, Decision::Action::finish);
}

TEST(WouldRetry, IsFreeAfterA429) {
    EXPECT_TRUE(would_retry({}, rate_limited(), plenty(), 0).free);
    Classification at_once = rate_limited();
    at_once.verdict = Verdict::concurrency_limited;
    EXPECT_TRUE(would_retry({}, at_once, plenty(), 0).free);
    EXPECT_FALSE(would_retry({}, server_error(), plenty(), 0).free);
}

TEST(RetryDelay, FollowsTheHint) {
    const RetryDelay delay = retry_delay({}, rate_limited(20s), 1, 0);
    EXPECT_EQ(delay.asked, 20s);
    EXPECT_EQ(delay.wait, 20050ms);
    EXPECT_EQ(delay.source, WaitSource::header);
}

TEST(RetryDelay, IsTheBackoffWhereThatIsLonger) {
    const RetryDelay delay = retry_delay({}, rate_limited(2s), 3, 0.5);
    EXPECT_EQ(delay.asked, 4s);
    EXPECT_EQ(delay.wait, 4500ms + 100ms);
}

TEST(RetryDelay, StopsGrowingAfterAMinuteOfTooManyAtOnce) {
    Classification at_once = rate_limited();
    at_once.verdict = Verdict::concurrency_limited;
    const std::vector<Duration> expected{5s, 10s, 20s, 40s, 60s, 60s};
    for (int retry = 1; retry <= 6; ++retry)
        EXPECT_EQ(
            retry_delay({}, at_once, retry, 0).wait, expected[static_cast<std::size_t>(retry - 1)]
        );
}

TEST(RetryDelay, PrefersTheServersWordToTheBoundsOfARule) {
    Rule rule;
    rule.wait_min = 1s;
    rule.wait_max = 2s;
    Classification outcome = server_error();
    outcome.rule = &rule;
    EXPECT_EQ(retry_delay({}, outcome, 5, 0).wait, 1s);
    EXPECT_EQ(retry_delay({}, outcome, 5, 0.5).wait, 1500ms);
    EXPECT_EQ(retry_delay({}, outcome, 5, 0.5).asked, 1s);
    outcome.hint = Hint{9s, WaitSource::header};
    EXPECT_EQ(retry_delay({}, outcome, 1, 0).wait, 9050ms);
}

RC_GTEST_PROP(RetryDelay, NeverUndercutsTheServer, ()) {
    const Duration hint = *rc::gen::inRange<std::int64_t>(0, 86400000) * 1ms;
    const int retry = *rc::gen::inRange(1, 11);
    const double roll = *rc::gen::inRange(0, 1000) / 1000.0;
    const RetryDelay delay = retry_delay({}, rate_limited(hint), retry, roll);
    RC_ASSERT(delay.wait >= hint + 50ms);
    RC_ASSERT(delay.wait >= delay.asked);
    RC_ASSERT(delay.wait <= std::max<Duration>(hint + 50ms, 61s) + 5s);
    const RetryDelay still = retry_delay({}, rate_limited(hint), retry, 0);
    RC_ASSERT(delay.wait >= still.wait);
}

}  // namespace
}  // namespace backstop::policy
