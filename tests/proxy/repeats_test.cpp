#include "proxy/repeats.hpp"

#include "tests/support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace backstop::proxy {
namespace {

using namespace std::chrono_literals;

class RepeatsTest : public testing::Test {
protected:
    std::optional<std::uint64_t> tell(std::string_view trouble) {
        return repeats_.tell(trouble, clock_.steady());
    }

    test::FakeClock clock_{};
    Repeats repeats_{};
};

TEST_F(RepeatsTest, TellsTheFirstAtOnce) {
    EXPECT_EQ(tell("refused"), 0U);
}

TEST_F(RepeatsTest, TellsTheSameAgainWithHowOftenItCame) {
    tell("refused");
    for (int i = 0; i < 99; ++i) {
        clock_.advance(100ms);
        EXPECT_EQ(tell("refused"), std::nullopt);
    }
    clock_.advance(100ms);
    EXPECT_EQ(tell("refused"), 99U);
    EXPECT_EQ(tell("refused"), std::nullopt);
}

TEST_F(RepeatsTest, TellsAnotherSoonerButNotEachTimeTheyTakeTurns) {
    tell("refused");
    EXPECT_EQ(tell("unreachable"), std::nullopt);
    clock_.advance(1s);
    EXPECT_EQ(tell("unreachable"), 1U);
    EXPECT_EQ(tell("refused"), std::nullopt);
    clock_.advance(1s);
    EXPECT_EQ(tell("unreachable"), std::nullopt);
    EXPECT_EQ(tell("refused"), 2U);
}

TEST_F(RepeatsTest, TellsALateOneAtOnce) {
    tell("refused");
    clock_.advance(1h);
    EXPECT_EQ(tell("refused"), 0U);
}

}  // namespace
}  // namespace backstop::proxy
