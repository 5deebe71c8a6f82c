// A reload while exchanges are under way: what they share gets the new rules, they keep their own.
#include "tests/support/scenario.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Scenario;
using test::Settings;
using test::World;

Settings limits_per_address(bool per_address) {
    Settings settings;
    settings.dialect.limits_per_address = per_address;
    return settings;
}

void reload(World& world, const Settings& settings) {
    Rules rules = world.rules;
    rules.dialect = std::make_shared<const Dialect>(settings.dialect);
    world.standing.reconfigure(rules);
}

// Its seat is one of that gate's: given back at another one it would be somebody else's, or none.
TEST(PlanReload, LeavesWhoWaitsAtTheGateThatItCameTo) {
    for (const bool before : {false, true}) {
        SCOPED_TRACE(before ? "from address to credential" : "from credential to address");
        World world(limits_per_address(before));
        LimitStanding& own = world.standing.limits("default", before ? 0 : 7);
        own.gate.close(world.clock.steady() + 30s, Gate::Kind::rate, world.clock.steady());
        Scenario waits(world, {.method = "GET", .credential = 7});
        Scenario leaves(world, {.method = "GET", .credential = 7});
        waits.expect_asleep(30s, WaitSource::gate);
        leaves.expect_asleep(30010ms, WaitSource::gate);

        reload(world, limits_per_address(!before));
        EXPECT_EQ(&waits.plan().gate(), &own.gate);
        leaves.client_leaves();
        EXPECT_EQ(own.gate.waiting(), 1);
        waits.wake();
        waits.expect_send(1);
        EXPECT_EQ(own.gate.waiting(), 0);
        EXPECT_EQ(world.standing.limits("default", before ? 7 : 0).gate.waiting(), 0);
    }
}

TEST(PlanReload, TellsWhatAnAnswerSaidToTheGateThatItsRequestCameBy) {
    World world(limits_per_address(false));
    Scenario scenario(world, {.method = "GET", .credential = 7});
    scenario.expect_send(1);
    reload(world, limits_per_address(true));
    scenario.upstream_answers(429, {{"retry-after", "30"}});
    EXPECT_TRUE(world.standing.limits("default", 7).gate.closed(world.clock.steady()));
    EXPECT_FALSE(world.gate().closed(world.clock.steady()));
}

}  // namespace
}  // namespace backstop::policy
