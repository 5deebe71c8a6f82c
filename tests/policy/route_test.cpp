#include "policy/route.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace backstop::policy {
namespace {

TEST(PathTemplate, MatchesLiteralsAndPlaceholders) {
    const struct {
        std::string pattern, path;
        bool expected;
    } rows[] = {
        {"/v1/calls/start", "/v1/calls/start", true},
        {"/v1/calls/start", "/v1/calls/end", false},
        {"/v1/calls/start", "/v1/calls", false},
        {"/v1/calls/start", "/v1/calls/start/now", false},
        {"/v1/calls/start", "/v1/calls/Start", false},
        {"/v1/calls/start", "/v1/calls/start/", false},
        {"/v1/calls/start", "v1/calls/start", false},
        {"/v1/calls/start", "", false},
        {"/calls/{id}", "/calls/7", true},
        {"/calls/{id}", "/calls/{id}", true},
        {"/calls/{id}", "/calls/", false},
        {"/calls/{id}", "/calls//", false},
        {"/calls/{id}", "/calls", false},
        {"/calls/{id}", "/calls/7/8", false},
        {"/calls/{id}/log", "/calls/7/log", true},
        {"/calls/{id}/log", "/calls//log", false},
        {"/calls/{id}", "/calls/a%2Fb", true},
        {"/calls/a b", "", false},
        {"/calls/", "/calls/", true},
        {"/calls/", "/calls", false},
        {"/", "/", true},
        {"/", "", false},
        {"/", "/a", false},
        {"/a/{rest...}", "/a/b", true},
        {"/a/{rest...}", "/a/b/c/d", true},
        {"/a/{rest...}", "/a/b//d/", true},
        {"/a/{rest...}", "/a/", true},
        {"/a/{rest...}", "/a", false},
        {"/a/{rest...}", "/ab", false},
        {"/**", "/", true},
        {"/**", "/a/b", true},
        {"/{x}/**", "/a/b", true},
        {"/{x}/**", "//b", false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.pattern + " with " + row.path);
        if (row.pattern.find(' ') != std::string::npos) continue;
        EXPECT_EQ(PathTemplate::parse(row.pattern).matches(row.path), row.expected);
    }
}

TEST(PathTemplate, DoesNotDecodePercentEncoding) {
    EXPECT_FALSE(PathTemplate::parse("/calls/start").matches("/calls/st%61rt"));
    EXPECT_TRUE(PathTemplate::parse("/calls/st%61rt").matches("/calls/st%61rt"));
}

TEST(PathTemplate, RefusesWhatItCannotMatch) {
    for (const std::string text :
         {"",
          "calls",
          "/a b",
          "/a?b=1",
          "/a#b",
          "/{}",
          "/{a b}",
          "/{a",
          "/a}",
          "/{a}.json",
          "/a{b}",
          "/**/a",
          "/{rest...}/a",
          "/{...}",
          "/*",
          "/a*",
          "/{a.b}",
          "/a\tb"})
        EXPECT_THROW(PathTemplate::parse(text), std::invalid_argument) << text;
}

TEST(PathTemplate, TellsWhatWouldBeRight) {
    try {
        PathTemplate::parse("/calls/{id}.json");
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(
            error.what(),
            "path '/calls/{id}.json': '{id}.json' is neither literal nor one placeholder such as "
            "{id}; {rest...} or ** may stand last"
        );
    }
}

TEST(PathTemplate, MatchesNothingUnlessParsed) {
    EXPECT_FALSE(PathTemplate().matches(""));
    EXPECT_FALSE(PathTemplate().matches("/"));
}

Route route(std::string method, std::string_view path) {
    Route out;
    out.method = std::move(method);
    out.path = PathTemplate::parse(path);
    out.label = path;
    return out;
}

std::string found(
    const std::vector<Route>& routes,
    std::string_view base_path,
    std::string_view method,
    std::string_view target
) {
    const Route* match = find_route(routes, base_path, method, target);
    return match == nullptr ? "other" : match->method + " " + match->label;
}

TEST(FindRoute, TakesTheFirstThatMatches) {
    const std::vector<Route> routes{
        route("POST", "/calls/start"), route("POST", "/calls/{id}"), route("", "/calls/{id}")};
    EXPECT_EQ(found(routes, "", "POST", "/calls/start"), "POST /calls/start");
    EXPECT_EQ(found(routes, "", "POST", "/calls/7"), "POST /calls/{id}");
    EXPECT_EQ(found(routes, "", "GET", "/calls/7"), " /calls/{id}");
    EXPECT_EQ(found(routes, "", "post", "/calls/start"), " /calls/{id}");
    EXPECT_EQ(found(routes, "", "GET", "/agents"), "other");
    EXPECT_EQ(found({}, "", "GET", "/"), "other");
}

TEST(FindRoute, IgnoresTheQuery) {
    const std::vector<Route> routes{route("GET", "/stream")};
    EXPECT_EQ(found(routes, "", "GET", "/stream?token=secret"), "GET /stream");
    EXPECT_EQ(found(routes, "", "GET", "/stream?"), "GET /stream");
    EXPECT_EQ(found(routes, "", "GET", "/?/stream"), "other");
}

TEST(FindRoute, TakesTheBasePathOffWhereItIsThere) {
    const std::vector<Route> routes{route("POST", "/calls"), route("GET", "/")};
    constexpr std::string_view base = "/api/public/v1";
    EXPECT_EQ(found(routes, base, "POST", "/api/public/v1/calls"), "POST /calls");
    EXPECT_EQ(found(routes, base, "POST", "/calls"), "POST /calls");
    EXPECT_EQ(found(routes, base, "GET", "/api/public/v1"), "GET /");
    EXPECT_EQ(found(routes, base, "GET", "/api/public/v1?a=b"), "GET /");
    EXPECT_EQ(found(routes, base, "POST", "/api/public/v1beta/calls"), "other");
    EXPECT_EQ(found(routes, base, "POST", "/api/public/v1/api/public/v1/calls"), "other");
    EXPECT_EQ(found(routes, base, "POST", "/v1/calls"), "other");
}

TEST(FindRoute, TakesTheBasePathOffTheTemplate) {
    const std::vector<Route> routes{route("GET", "/v1/agents/{id}")};
    EXPECT_EQ(found(routes, "/v1", "GET", "/v1/agents/7"), "GET /v1/agents/{id}");
    EXPECT_EQ(found(routes, "/v1", "GET", "/agents/7"), "GET /v1/agents/{id}");
    EXPECT_EQ(found(routes, "/v1", "GET", "/v2/agents/7"), "other");
    EXPECT_EQ(found(routes, "", "GET", "/agents/7"), "other");
}

TEST(FindRoute, LeavesOtherFormsOfTargetsToTheOtherRoute) {
    const std::vector<Route> routes{route("OPTIONS", "/**")};
    EXPECT_EQ(found(routes, "", "OPTIONS", "*"), "other");
    EXPECT_EQ(found(routes, "/v1", "OPTIONS", ""), "other");
}

TEST(Route, GivesTheFirstFallbackThatListsTheReason) {
    Route start;
    start.fallbacks.resize(2);
    start.fallbacks[0].on = {Reason::timeout, Reason::unreachable};
    start.fallbacks[1].on = {Reason::timeout, Reason::conflict_resolved};
    EXPECT_EQ(start.fallback_for(Reason::timeout), &start.fallbacks[0]);
    EXPECT_EQ(start.fallback_for(Reason::conflict_resolved), &start.fallbacks[1]);
    EXPECT_EQ(start.fallback_for(Reason::rate_limited), nullptr);
    EXPECT_EQ(Route().fallback_for(Reason::timeout), nullptr);
}

RC_GTEST_PROP(FindRoute, SurvivesArbitraryTargets, (const std::string& target)) {
    const std::vector<Route> routes{
        route("GET", "/v1/{a}"), route("GET", "/a/"), route("GET", "/a/{rest...}")};
    find_route(routes, "/v1", "GET", target);
    find_route(routes, "", "GET", "/" + target);
    find_route(routes, "/v1", "GET", "/v1" + target);
}

}  // namespace
}  // namespace backstop::policy
