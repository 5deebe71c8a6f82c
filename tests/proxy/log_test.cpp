#include "proxy/log.hpp"

#include "proxy/line_writer.hpp"
#include "proxy/log_text.hpp"
#include "tests/proxy/pipe.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::MatchesRegex;

class LogTest : public testing::Test {
protected:
    void start(config::LogFormat format, bool terminal = false) {
        config::Log options;
        options.format = format;
        log::start(writer_, options, terminal);
    }
    void TearDown() override { log::stop(); }

    test::Pipe pipe_{};
    LineWriter writer_{pipe_.writer()};
};

TEST_F(LogTest, WritesOneJsonObjectALine) {
    start(config::LogFormat::json);
    log::info(
        "listening", {{"address", "127.0.0.1:8080"}, {"number", 3}, {"share", 0.5}, {"yes", true}}
    );
    const std::vector<std::string> lines = pipe_.lines();
    ASSERT_EQ(lines.size(), 1);
    const boost::json::object line = boost::json::parse(lines[0]).as_object();
    EXPECT_THAT(
        std::string(line.at("ts").as_string()),
        MatchesRegex("20[0-9-]{8}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z")
    );
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_EQ(line.at("msg"), "listening");
    EXPECT_EQ(line.at("address"), "127.0.0.1:8080");
    EXPECT_EQ(line.at("number"), 3);
    EXPECT_EQ(line.at("share"), 0.5);
    EXPECT_EQ(line.at("yes"), true);
}

TEST_F(LogTest, IsJsonWhateverIsSaid) {
    start(config::LogFormat::json);
    const std::string nasty("quote \" back \\ brace {} {0} % line\nnul \0 end", 44);
    log::warn(nasty, {{"not utf-8", "caf\xe9"}, {"utf-8", "café"}, {"a \"name\"", nasty}});
    log::error("no number", {{"value", std::numeric_limits<double>::quiet_NaN()}});
    const std::vector<std::string> lines = pipe_.lines();
    ASSERT_EQ(lines.size(), 2);
    const boost::json::object line = boost::json::parse(lines[0]).as_object();
    EXPECT_EQ(line.at("level"), "warn");
    EXPECT_EQ(std::string(line.at("msg").as_string()), nasty);
    EXPECT_EQ(line.at("not utf-8"), "caf?");
    EXPECT_EQ(line.at("utf-8"), "café");
    EXPECT_EQ(std::string(line.at("a \"name\"").as_string()), nasty);
    EXPECT_TRUE(boost::json::parse(lines[1]).at("value").is_null());
}

TEST_F(LogTest, IsTextOnATerminal) {
    start(config::LogFormat::automatic, true);
    log::warn("fewer connections", {{"limit", 64}, {"why", "few descriptors"}, {"empty", ""}});
    EXPECT_THAT(
        pipe_.lines(),
        ElementsAre(MatchesRegex(
            "20.*Z warn  fewer connections limit=64 why=\"few descriptors\" empty=\"\""
        ))
    );
}

TEST_F(LogTest, IsJsonWhereThereIsNoTerminal) {
    start(config::LogFormat::automatic, false);
    log::info("hello");
    EXPECT_THAT(pipe_.lines(), ElementsAre(testing::StartsWith("{\"ts\":")));
}

TEST_F(LogTest, KeepsQuietBelowItsLevel) {
    start(config::LogFormat::text);
    log::debug("not said");
    log::set_level(config::LogLevel::error);
    log::warn("not said");
    log::error("said");
    log::set_level(config::LogLevel::debug);
    log::debug("said too");
    EXPECT_THAT(
        pipe_.lines(),
        ElementsAre(testing::HasSubstr("error said"), testing::HasSubstr("debug said too"))
    );
}

TEST_F(LogTest, TellsHowManyLinesWereDropped) {
    for (const config::LogFormat format : {config::LogFormat::json, config::LogFormat::text}) {
        test::Pipe pipe;
        LineWriter stuck(pipe.writer(), {.most_bytes = 200});
        config::Log options;
        options.format = format;
        log::start(stuck, options, false);
        while (stuck.dropped() < 3)
            log::info("nobody reads this, and it is a hundred characters long at least");
        pipe.read();
        stuck.flush();
        log::info("after");
        const std::vector<std::string> lines = pipe.lines();
        ASSERT_GE(lines.size(), 2);
        const std::string& told = lines[lines.size() - 2];
        if (format == config::LogFormat::json) {
            const boost::json::object line = boost::json::parse(told).as_object();
            EXPECT_EQ(line.at("level"), "warn");
            EXPECT_EQ(line.at("lines"), 3);
        } else {
            EXPECT_THAT(told, testing::EndsWith(" warn  log lines were dropped lines=3"));
        }
        log::stop();
    }
}

TEST_F(LogTest, FlushesAtAnError) {
    asio::io_context io;
    LineWriter batched(pipe_.writer(), {.period = 1h});
    batched.start(io.get_executor());
    log::start(batched, {}, false);
    log::info("first");
    EXPECT_THAT(pipe_.lines(), ElementsAre());
    log::error("second");
    EXPECT_EQ(pipe_.lines().size(), 2);
    log::stop();
}

TEST(LogText, WritesTimesInUtcWithMilliseconds) {
    const struct {
        policy::WallTime time;
        const char* expected;
    } rows[] = {
        {policy::WallTime(0s), "1970-01-01T00:00:00.000Z"},
        {policy::WallTime(1770552000s + 7ms), "2026-02-08T12:00:00.007Z"},
        {policy::WallTime(1770552000s + 999'999us), "2026-02-08T12:00:00.999Z"},
        {policy::WallTime(1709164800s), "2024-02-29T00:00:00.000Z"},
        {policy::WallTime(1770552000s), "2026-02-08T12:00:00.000Z"},
    };
    for (const auto& row : rows) {
        std::string out = ">";
        append_time(out, row.time);
        EXPECT_EQ(out, std::string(">") + row.expected);
    }
}

}  // namespace
}  // namespace backstop::proxy
