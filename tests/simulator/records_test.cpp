// Journal, effects, and the small functions whose results end up in them.

#include "tests/simulator/digest.hpp"
#include "tests/simulator/effects.hpp"
#include "tests/simulator/iso_time.hpp"
#include "tests/simulator/journal.hpp"
#include "tests/simulator/json_text.hpp"
#include "tests/simulator/utf8.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace simulator {
namespace {

TEST(Journal, NumbersEntriesAndFindsThem) {
    Journal journal;
    for (const char* method : {"A", "B", "C"})
        journal.add(Entry{.method = method});
    ASSERT_NE(journal.find(2), nullptr);
    EXPECT_EQ(journal.find(2)->method, "B");
    EXPECT_EQ(journal.find(4), nullptr);
    ASSERT_EQ(journal.since(1).size(), 2U);
    EXPECT_EQ(journal.since(1).front().method, "B");
}

TEST(Journal, NeverUsesANumberAgain) {
    Journal journal;
    journal.add(Entry());
    journal.clear();
    EXPECT_EQ(journal.size(), 0U);
    EXPECT_EQ(journal.add(Entry()), 2U);
    EXPECT_EQ(journal.find(1), nullptr);
}

TEST(Journal, IsBounded) {
    Journal journal;
    for (std::size_t i = 0; i < Journal::entries_max + 5; ++i)
        journal.add(Entry());
    EXPECT_EQ(journal.size(), Journal::entries_max);
    EXPECT_EQ(journal.dropped(), 5U);
    EXPECT_EQ(journal.find(5), nullptr);
    ASSERT_NE(journal.find(6), nullptr);
    EXPECT_EQ(journal.since(0).front().sequence, 6U);
}

TEST(Effects, AreCountedByNameAndSubject) {
    Effects effects({"calls_started", "calls_ended"});
    EXPECT_EQ(effects.by_name().size(), 2U) << "zero is a count too";
    effects.add(Effect{.name = "calls_started", .subject = "a"});
    effects.add(Effect{.name = "calls_started", .subject = "b"});
    EXPECT_TRUE(effects.more_than_once().empty());
    effects.add(Effect{.name = "calls_started", .subject = "a"});
    effects.add(Effect{.name = "calls_ended", .subject = "a"});
    EXPECT_EQ(effects.count("calls_started"), 3U);
    EXPECT_EQ(effects.count("calls_started", "a"), 2U);
    EXPECT_EQ(effects.count("calls_ended", "a"), 1U);
    EXPECT_EQ(effects.count("calls_ended", "b"), 0U);
    EXPECT_EQ(effects.count("no_such"), 0U);
    ASSERT_EQ(effects.more_than_once().size(), 1U);
    EXPECT_EQ(effects.more_than_once()[0].name, "calls_started");
    EXPECT_EQ(effects.more_than_once()[0].subject, "a");
    EXPECT_EQ(effects.more_than_once()[0].count, 2U);
    effects.clear();
    EXPECT_EQ(effects.count("calls_started"), 0U);
    EXPECT_TRUE(effects.more_than_once().empty());
}

TEST(Fields, AreFoundInAnyCase) {
    const Fields fields{{"X-Idempotency-Key", "first"}, {"x-idempotency-key", "second"}};
    ASSERT_NE(find_field(fields, "x-IDEMPOTENCY-key"), nullptr);
    EXPECT_EQ(*find_field(fields, "x-IDEMPOTENCY-key"), "first");
    EXPECT_EQ(find_field(fields, "X-Idempotency"), nullptr);
}

TEST(Request, KnowsPathAndQuery) {
    const Request request{.target = "/a/b?c=d?e"};
    EXPECT_EQ(request.path(), "/a/b");
    EXPECT_EQ(request.query(), "c=d?e");
    EXPECT_EQ(Request{.target = "/a"}.query(), "");
}

TEST(Dates, AreWrittenAsApisWriteThem) {
    const std::chrono::system_clock::time_point time(std::chrono::milliseconds(1'770'552'060'007));
    EXPECT_EQ(iso_time(time), "2026-02-08T12:01:00.007Z");
    EXPECT_EQ(http_date(time), "Sun, 08 Feb 2026 12:01:00 GMT");
}

TEST(Digest, IsSha256) {
    EXPECT_EQ(
        sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

TEST(JsonText, WritesNumbersAsPeopleDo) {
    EXPECT_EQ(
        json_text(boost::json::parse(R"({"a":0.9,"b":0.0,"c":[1,-2.5,null,true,"x\"\n"],"d":{}})")),
        R"({"a":0.9,"b":0,"c":[1,-2.5,null,true,"x\"\n"],"d":{}})"
    );
}

TEST(Utf8, KnowsWhatIsText) {
    for (const char* text : {"", "plain", "na\u00efve \u260e", "\U0001f600", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
        EXPECT_EQ(to_utf8(text), text);
    }
    const std::string other = "\xEF\xBF\xBD";
    struct Row {
        std::string bytes;
        std::string text;
    };
    const Row rows[] = {
        {"a\xFF"
         "b",
         "a" + other + "b"},                                  // no byte of UTF-8
        {"\xC3", other},                                      // cut off
        {"\xE2\x98", other + other},                          // cut off later
        {"\xC0\x80", other + other},                          // overlong
        {"\xE0\x80\x80", other + other + other},              // overlong
        {"\xED\xA0\x80", other + other + other},              // a surrogate
        {"\xF4\x90\x80\x80", other + other + other + other},  // above U+10FFFF
        {"\x80z", other + "z"},                               // begins in the middle
    };
    for (const Row& row : rows) {
        EXPECT_FALSE(is_utf8(row.bytes)) << row.text;
        EXPECT_EQ(to_utf8(row.bytes), row.text);
    }
}

TEST(Digest, WritesBase64) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64(std::string("\xff\0z", 3)), "/wB6");
}

}  // namespace
}  // namespace simulator
