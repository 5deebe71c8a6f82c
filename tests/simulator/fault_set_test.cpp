// Which faults apply to which request, in which order, and the same again with the same seed.

#include "tests/simulator/fault_set.hpp"

#include "tests/simulator/json_reader.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace simulator {
namespace {

using Words = std::vector<std::string>;

FaultSet set_of(std::initializer_list<const char*> lines, std::uint64_t seed = 1) {
    FaultSet faults(seed);
    for (const char* line : lines)
        faults.add(parse_fault(line));
    return faults;
}

Request post_to(const std::string& target) {
    return Request{.method = "POST", .target = target};
}

Words draw(FaultSet& faults, int times) {
    Words words;
    for (int time = 0; time < times; ++time) {
        std::string word;
        for (const std::string& each : faults.draw(post_to("/v1/calls/start")).applied) {
            word += (word.empty() ? "" : " + ") + each;
        }
        words.push_back(word);
    }
    return words;
}

TEST(FaultSet, CountsDown) {
    FaultSet faults = set_of({"status code=500 count=2"});
    EXPECT_EQ(draw(faults, 3), (Words{"status 500", "status 500", ""}));
}

TEST(FaultSet, LetsSomePassFirst) {
    FaultSet faults = set_of({"status code=500 count=1 skip=2"});
    EXPECT_EQ(draw(faults, 4), (Words{"", "", "status 500", ""}));
}

TEST(FaultSet, IsAScriptOfWhatDecidesTheAnswer) {
    FaultSet faults =
        set_of({"status code=500 count=2", "rate_limited count=1", "reset count=1", "hang"});
    EXPECT_EQ(
        draw(faults, 5),
        (Words{
            "status 500",
            "status 500",
            "rate_limited 429",
            "reset after_processing",
            "hang before_processing"})
    );
}

TEST(FaultSet, AddsUpTheOthers) {
    FaultSet faults = set_of(
        {"latency ms=10",
         "latency ms=5",
         "latency ms=7 stage=before_processing",
         "gzip",
         "status code=500",
         "slow_body bytes_per_second=3",
         "close_idle",
         "chunked"}
    );
    const Disturbance all = faults.draw(post_to("/"));
    EXPECT_EQ(all.wait_after_processing, std::chrono::milliseconds(15));
    EXPECT_EQ(all.wait_before_processing, std::chrono::milliseconds(7));
    EXPECT_EQ(all.encoding, "gzip");
    EXPECT_EQ(all.bytes_per_second, 3);
    EXPECT_EQ(all.close_idle, "after_response");
    EXPECT_TRUE(all.chunked);
    ASSERT_TRUE(all.main);
    EXPECT_EQ(all.main->code, 500);
    EXPECT_EQ(all.applied.size(), 8U);
}

TEST(FaultSet, LooksAtPathAndMethod) {
    FaultSet faults = set_of({"status code=500 path=/v1/calls/end method=POST"});
    const auto applies = [&faults](const std::string& method, const std::string& target) {
        return faults.draw(Request{.method = method, .target = target}).main.has_value();
    };
    EXPECT_TRUE(applies("POST", "/v1/calls/end"));
    EXPECT_TRUE(applies("POST", "/v1/calls/end?a=b"));
    EXPECT_FALSE(applies("POST", "/v1/calls/start"));
    EXPECT_FALSE(applies("GET", "/v1/calls/end"));
    EXPECT_FALSE(applies("POST", "/?/v1/calls/end"));
}

TEST(FaultSet, KeepsAcceptAndRequestsApart) {
    FaultSet faults = set_of({"reset stage=at_accept count=1", "reset stage=before_reading"});
    EXPECT_EQ(draw(faults, 1), Words{"reset before_reading"});
    EXPECT_EQ(faults.draw_at_accept().applied, Words{"reset at_accept"});
    EXPECT_EQ(faults.draw_at_accept().applied, Words{});
}

TEST(FaultSet, RepeatsItselfWithTheSameSeed) {
    const auto hundred = [](std::uint64_t seed) {
        FaultSet faults = set_of({"status code=500 probability=0.5"}, seed);
        return draw(faults, 100);
    };
    EXPECT_EQ(hundred(7), hundred(7));
    EXPECT_NE(hundred(7), hundred(8));
}

TEST(FaultSet, BeginsAnewWhenCleared) {
    FaultSet faults = set_of({"status code=500 probability=0.5"});
    const Words before = draw(faults, 100);
    faults.clear();
    EXPECT_EQ(draw(faults, 1), Words{""});
    faults.add(parse_fault("status code=500 probability=0.5"));
    EXPECT_EQ(draw(faults, 100), before);
}

TEST(FaultSet, DrawsForEachFaultOnItsOwn) {
    FaultSet alone = set_of({"status code=500 probability=0.5"});
    FaultSet together = set_of({"status code=500 probability=0.5", "latency ms=1 probability=0.5"});
    for (int time = 0; time < 100; ++time) {
        ASSERT_EQ(
            alone.draw(post_to("/")).main.has_value(), together.draw(post_to("/")).main.has_value()
        );
    }
}

TEST(FaultSet, KeepsToTheProbability) {
    FaultSet faults = set_of(
        {"reset probability=0.1",
         "status code=500 probability=0",
         "latency ms=100 jitter_ms=50 probability=1"}
    );
    int resets = 0;
    for (int time = 0; time < 10'000; ++time) {
        const Disturbance drawn = faults.draw(post_to("/"));
        resets += drawn.main.has_value() ? 1 : 0;
        ASSERT_GE(drawn.wait_after_processing, std::chrono::milliseconds(100));
        ASSERT_LE(drawn.wait_after_processing, std::chrono::milliseconds(150));
        ASSERT_TRUE(!drawn.main || drawn.main->type == FaultType::reset);
    }
    EXPECT_GT(resets, 900);
    EXPECT_LT(resets, 1'100);
}

TEST(FaultSet, RemovesByName) {
    FaultSet faults = set_of({"reset name=a", "hang name=b", "chunked name=a"});
    EXPECT_EQ(faults.remove("a"), 2U);
    EXPECT_EQ(faults.remove("a"), 0U);
    EXPECT_EQ(draw(faults, 1), Words{"hang before_processing"});
}

TEST(FaultSet, IsBounded) {
    FaultSet faults(1);
    for (std::size_t i = 0; i < FaultSet::faults_max; ++i)
        faults.add(parse_fault("chunked"));
    EXPECT_THROW(faults.add(parse_fault("chunked")), BadInput);
}

}  // namespace
}  // namespace simulator
