#include "policy/record.hpp"

#include <gtest/gtest.h>

namespace backstop::policy {
namespace {

TEST(Record, CountsAttemptsWithoutKeepAliveRaces) {
    Record record;
    EXPECT_EQ(record.counted_attempts(), 0);
    record.attempts.push_back({.number = 1});
    record.attempts.push_back({.number = 1});
    EXPECT_EQ(record.counted_attempts(), 1);
    record.attempts.push_back({.number = 2});
    EXPECT_EQ(record.counted_attempts(), 2);
}

TEST(Record, HasAWordForEachResolution) {
    using Ambiguous = Record::Ambiguous;
    EXPECT_EQ(word(Ambiguous::none), "none");
    EXPECT_EQ(word(Ambiguous::retried), "retried");
    EXPECT_EQ(word(Ambiguous::resolved), "resolved");
    EXPECT_EQ(word(Ambiguous::unknown), "unknown");
}

}  // namespace
}  // namespace backstop::policy
