#include "policy/verdict.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace backstop::policy {
namespace {

// Every value from the first to `last` has a word, and no two share one.
template <typename Enum>
void expect_words_up_to(Enum last) {
    std::set<std::string> words;
    for (int i = 0; i <= static_cast<int>(last); ++i)
        words.emplace(word(static_cast<Enum>(i)));
    EXPECT_EQ(words.size(), static_cast<std::size_t>(last) + 1);
    EXPECT_FALSE(words.contains(""));
}

TEST(Words, AreOneForEachValue) {
    expect_words_up_to(Verdict::quota_spent);
    expect_words_up_to(Evidence::definite);
    expect_words_up_to(Reason::client_gone);
    expect_words_up_to(Denied::draining);
    expect_words_up_to(WaitSource::pace);
    expect_words_up_to(KeySource::derived);
}

TEST(Words, AreThoseOfTheMetricsAndOfConfigFiles) {
    EXPECT_EQ(word(Reason::quota_exhausted), "quota_exhausted");
    EXPECT_EQ(word(Denied::max_wait), "max_wait");
    EXPECT_EQ(word(WaitSource::epoch), "epoch");
    EXPECT_EQ(word(KeySource::minted), "minted");
}

TEST(Words, LeadBackToTheValue) {
    for (int i = 0; i <= static_cast<int>(Reason::client_gone); ++i)
        EXPECT_EQ(reason_from(word(static_cast<Reason>(i))), static_cast<Reason>(i));
    for (int i = 0; i <= static_cast<int>(Verdict::quota_spent); ++i)
        EXPECT_EQ(verdict_from(word(static_cast<Verdict>(i))), static_cast<Verdict>(i));
    for (int i = 0; i <= static_cast<int>(Evidence::definite); ++i)
        EXPECT_EQ(evidence_from(word(static_cast<Evidence>(i))), static_cast<Evidence>(i));
    for (int i = 0; i <= static_cast<int>(Denied::draining); ++i)
        EXPECT_EQ(denied_from(word(static_cast<Denied>(i))), static_cast<Denied>(i));
    for (int i = 0; i <= static_cast<int>(WaitSource::pace); ++i)
        EXPECT_EQ(wait_source_from(word(static_cast<WaitSource>(i))), static_cast<WaitSource>(i));
    EXPECT_EQ(reason_from("Timeout"), std::nullopt);
    EXPECT_EQ(reason_from(""), std::nullopt);
    EXPECT_EQ(verdict_from("quota"), std::nullopt);
}

}  // namespace
}  // namespace backstop::policy
