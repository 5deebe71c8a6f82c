#include "config/load.hpp"
#include "config/route_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;
using policy::Reason;
using policy::Route;

Match match(std::string_view text) {
    const ParsedMatch parsed = parse_match(text);
    EXPECT_EQ(parsed.problem, "") << text;
    return parsed.match;
}

TEST(Match, CoversWhatItTakesAllRequestsOf) {
    struct Row {
        const char* first;
        const char* second;
        bool covers;
    };
    const Row rows[] = {
        {"GET /a", "GET /a", true},
        {"/a", "GET /a", true},
        {"GET /a", "/a", false},
        {"GET /a", "POST /a", false},
        {"/a/{id}", "/a/b", true},
        {"/a/b", "/a/{id}", false},
        {"/a/{id}", "/a/{other}", true},
        {"/a/{id}", "/a/b/c", false},
        {"/a/{id}", "/a/", false},
        {"/a/**", "/a/b/c", true},
        {"/a/**", "/a/{id}", true},
        {"/a/{rest...}", "/a/**", true},
        {"/a/**", "/a", false},
        {"/a/**", "/b/c", false},
        {"/a/{id}", "/a/**", false},
        {"/**", "/a", true},
        {"/{x}/b", "/a/{y}", false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(covers(match(row.first), match(row.second)), row.covers)
            << row.first << " and " << row.second;
}

TEST(Match, IsTheSameWhateverItsSegmentsAreCalled) {
    EXPECT_TRUE(same(match("GET /a/{id}"), match("GET /a/{call_id}")));
    EXPECT_FALSE(same(match("GET /a/{id}"), match("/a/{id}")));
    EXPECT_FALSE(same(match("GET /a/{id}"), match("GET /a/b")));
}

TEST(Match, LosesTheBasePath) {
    struct Row {
        const char* text;
        const char* without;
    };
    const Row rows[] = {
        {"GET /v1/calls", "GET /calls"},
        {"GET /calls", "GET /calls"},
        {"/v1", "/v1"},
        {"/v10/calls", "/v10/calls"},
        {"/v1/v1/calls", "/v1/calls"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(to_string(without_base_path(match(row.text), "/v1")), row.without) << row.text;
    EXPECT_EQ(to_string(without_base_path(match("/v1/calls"), "")), "/v1/calls");
}

std::vector<Route> routes_of(const std::string& rest, Route* other = nullptr) {
    const Loaded loaded = load(
        "[[upstream]]\nname = \"s\"\nlisten = \"127.0.0.1:80\"\nurl = \"https://a.example\"\n"
        "dialect = \"sticky-calls\"\n" +
            rest,
        "test.toml",
        {}
    );
    for (const Diagnostic& found : loaded.diagnostics)
        if (found.severity == Diagnostic::Severity::error) ADD_FAILURE() << to_string(found);
    if (!loaded.config) return {};
    if (other) *other = loaded.config->upstreams.at(0).rules.other;
    return loaded.config->upstreams.at(0).rules.routes;
}

TEST(Routes, GoBeforeTheDialectsInTheOrderWritten) {
    const std::vector<Route> routes = routes_of(
        "[[upstream.route]]\nmatch = \"GET /v1/b\"\n"
        "[[upstream.route]]\nmatch = \"POST /v1/calls/end\"\n"
        "[[upstream.route]]\nmatch = \"GET /v1/a\"\n"
    );
    ASSERT_EQ(routes.size(), 4U);
    EXPECT_EQ(routes[0].label, "/v1/b");
    EXPECT_EQ(routes[1].label, "/v1/a");
    EXPECT_EQ(routes[2].label, "/v1/calls/start");
    EXPECT_EQ(routes[3].label, "/v1/calls/end");
}

TEST(Routes, ChangeTheDialectsKeyByKey) {
    const std::vector<Route> routes = routes_of(
        "[[upstream.route]]\nmatch = \"POST /v1/calls/start\"\ndeadline = \"3s\"\nattempts = 1\n"
    );
    const Route& start = routes.at(0);
    EXPECT_EQ(start.deadline, 3s);
    EXPECT_EQ(start.attempt, 2s);  // the dialect's
    EXPECT_EQ(start.attempts, 1);
    EXPECT_TRUE(start.keyed);
    EXPECT_EQ(start.natural_id, "/call_id");
    EXPECT_NE(start.fallback_for(Reason::timeout), nullptr);
}

TEST(Routes, CanTakeAwayTheDialectsFallbackOrReplaceIt) {
    const std::string start = "[[upstream.route]]\nmatch = \"POST /v1/calls/start\"\n";
    EXPECT_TRUE(routes_of(start + "fallback = []\n").at(0).fallbacks.empty());
    const Route replaced =
        routes_of(start + "fallback = { on = [\"timeout\"], status = 203, body = '{}' }\n").at(0);
    ASSERT_EQ(replaced.fallbacks.size(), 1U);
    EXPECT_EQ(replaced.fallback_for(Reason::timeout)->status, 203);
    EXPECT_EQ(replaced.fallback_for(Reason::unreachable), nullptr);
}

TEST(Routes, CanSwitchKeysOff) {
    EXPECT_FALSE(
        routes_of("[[upstream.route]]\nmatch = \"POST /v1/calls/end\"\nkeyed = false\n").at(1).keyed
    );
}

// Config's route, dialect's route, [upstream.timeout], dialect, default: the first that says it.
TEST(Routes, TakeEachValueFromTheNearestThatSaysIt) {
    Route other;
    const std::vector<Route> routes = routes_of(
        "[upstream.timeout]\ndeadline = \"30s\"\nattempt = \"7s\"\n[upstream.retry]\nattempts = 2\n"
        "[[upstream.route]]\nmatch = \"GET /v1/a\"\nattempt = \"1s\"\n",
        &other
    );
    EXPECT_EQ(other.deadline, 30s);
    EXPECT_EQ(other.attempt, 7s);
    EXPECT_EQ(other.attempts, 2);
    EXPECT_EQ(routes.at(0).deadline, 30s);
    EXPECT_EQ(routes.at(0).attempt, 1s);
    EXPECT_EQ(routes.at(1).label, "/v1/calls/start");
    EXPECT_EQ(routes.at(1).deadline, 5s);  // the dialect says so of this route
    EXPECT_EQ(routes.at(1).attempt, 2s);
    EXPECT_EQ(routes.at(1).attempts, 2);
    EXPECT_EQ(routes.at(2).deadline, 30s);  // of `end` the dialect says nothing
}

TEST(Routes, ShortenAnAttemptThatNobodyWrote) {
    Route other;
    const std::vector<Route> routes = routes_of(
        "[upstream.timeout]\ndeadline = \"10s\"\n"
        "[[upstream.route]]\nmatch = \"GET /v1/a\"\ndeadline = \"500ms\"\n",
        &other
    );
    EXPECT_EQ(other.attempt, 10s);  // the dialect's 20 s do not fit
    EXPECT_EQ(routes.at(0).attempt, 500ms);
}

}  // namespace
}  // namespace backstop::config
