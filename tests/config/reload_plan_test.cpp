#include "config/reload_plan.hpp"

#include "config/address.hpp"
#include "config/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

constexpr std::nullopt_t bound_anew = std::nullopt;

Address address(const std::string& text) {
    return parse_address(text).addresses.at(0);
}

Upstream upstream(
    const std::string& name,
    const std::vector<std::string>& listen,
    const std::string& url = "https://api.example.com"
) {
    Upstream made;
    made.name = name;
    for (const std::string& each : listen)
        made.listen.push_back(address(each));
    made.url = url;
    made.target = parse_target(url).target;
    return made;
}

Config config(std::vector<Upstream> upstreams) {
    Config made;
    made.admin.listen = {address("127.0.0.1:9464")};
    made.upstreams = std::move(upstreams);
    return made;
}

TEST(ReloadPlan, StartsFromNothing) {
    Config first = config({upstream("a", {"127.0.0.1:1"}), upstream("b", {"127.0.0.1:2"})});
    first.admin.control = address("unix:/run/control.sock");
    const ReloadPlan plan = plan_reload({}, first);
    ASSERT_EQ(plan.upstreams.size(), 2U);
    EXPECT_EQ(plan.upstreams[0].before, std::nullopt);
    EXPECT_FALSE(plan.upstreams[0].keeps_standing);
    EXPECT_THAT(plan.sockets, ElementsAre(bound_anew, bound_anew));
    EXPECT_THAT(plan.admin.open, ElementsAre(address("127.0.0.1:9464")));
    EXPECT_THAT(plan.control.open, ElementsAre(address("unix:/run/control.sock")));
    EXPECT_THAT(plan.refused, IsEmpty());
}

TEST(ReloadPlan, KeepsAllOfWhatHasNotChanged) {
    const Config same = config({upstream("a", {"127.0.0.1:1", "[::1]:1"})});
    const ReloadPlan plan = plan_reload(same, same);
    EXPECT_THAT(plan.upstreams.at(0).before, Optional(0U));
    EXPECT_TRUE(plan.upstreams[0].keeps_standing);
    EXPECT_TRUE(plan.upstreams[0].keeps_connections);
    EXPECT_TRUE(plan.upstreams[0].keeps_credential);
    EXPECT_THAT(plan.sockets, ElementsAre(Optional(0U), Optional(1U)));
    EXPECT_THAT(plan.removed, IsEmpty());
    EXPECT_THAT(plan.admin.open, IsEmpty());
    EXPECT_THAT(plan.admin.close, IsEmpty());
    EXPECT_THAT(plan.refused, IsEmpty());
}

TEST(ReloadPlan, KeepsTheStandingWhateverRulesChange) {
    const Config before = config({upstream("a", {"127.0.0.1:1"})});
    Config after = before;
    after.upstreams[0].rules.retry.max_wait = std::chrono::seconds(1);
    after.upstreams[0].rules.breaker.open = std::chrono::seconds(1);
    after.upstreams[0].timeout.connect = std::chrono::seconds(1);
    const ReloadPlan plan = plan_reload(before, after);
    EXPECT_TRUE(plan.upstreams.at(0).keeps_standing);
    EXPECT_TRUE(plan.upstreams[0].keeps_connections);
}

// What is known of one API says nothing of another.
TEST(ReloadPlan, BeginsAnewWithAnotherApi) {
    const Config before = config({upstream("a", {"127.0.0.1:1"})});
    const Config other = config({upstream("a", {"127.0.0.1:1"}, "https://other.example.com")});
    const ReloadPlan moved = plan_reload(before, other);
    EXPECT_THAT(moved.upstreams.at(0).before, Optional(0U));
    EXPECT_FALSE(moved.upstreams[0].keeps_standing);
    EXPECT_FALSE(moved.upstreams[0].keeps_connections);
    EXPECT_THAT(moved.sockets, ElementsAre(Optional(0U)));

    const Config path = config({upstream("a", {"127.0.0.1:1"}, "https://api.example.com/v2")});
    const ReloadPlan deeper = plan_reload(before, path);
    EXPECT_FALSE(deeper.upstreams.at(0).keeps_standing) << "a gateway has an API at each path";
    EXPECT_TRUE(deeper.upstreams[0].keeps_connections) << "they lead to the same server";
}

TEST(ReloadPlan, DropsConnectionsThatWereMadeInAnotherWay) {
    const Config before = config({upstream("a", {"127.0.0.1:1"})});
    const auto keeps = [&](auto change) {
        Config after = before;
        change(after.upstreams[0]);
        const ReloadPlan plan = plan_reload(before, after);
        EXPECT_TRUE(plan.upstreams.at(0).keeps_standing);
        return plan.upstreams[0].keeps_connections;
    };
    EXPECT_TRUE(keeps([](Upstream&) {}));
    EXPECT_FALSE(keeps([](Upstream& it) { it.tls.ca_file = "/ca.pem"; }));
    EXPECT_FALSE(keeps([](Upstream& it) { it.tls.digest = "the file holds something else"; }));
    EXPECT_FALSE(keeps([](Upstream& it) { it.egress = EgressProxy{.host = "proxy"}; }));
    EXPECT_FALSE(keeps([](Upstream& it) { it.pool.connections = 1; }));
    EXPECT_FALSE(keeps([](Upstream& it) { it.dns_ttl = std::chrono::seconds(1); }));
}

TEST(ReloadPlan, TakesAKeyFromAnotherFileOrHeaderForANewOne) {
    const Config before = config({upstream("a", {"127.0.0.1:1"})});
    const auto keeps = [&](auto change) {
        Config after = before;
        change(after.upstreams[0].credential);
        return plan_reload(before, after).upstreams.at(0).keeps_credential;
    };
    EXPECT_TRUE(keeps([](Credential& it) { it.allow_remote = true; }));
    EXPECT_FALSE(keeps([](Credential& it) { it.file = "key"; }));
    EXPECT_FALSE(keeps([](Credential& it) { it.header = "X-Key"; }));
    EXPECT_FALSE(keeps([](Credential& it) { it.prefix = ""; }));
}

TEST(ReloadPlan, AddsAndRemovesWhateverTheOrder) {
    const Config before = config({upstream("a", {"127.0.0.1:1"}), upstream("b", {"127.0.0.1:2"})});
    const Config after = config({upstream("c", {"127.0.0.1:3"}), upstream("b", {"127.0.0.1:2"})});
    const ReloadPlan plan = plan_reload(before, after);
    EXPECT_EQ(plan.upstreams.at(0).before, std::nullopt);
    EXPECT_THAT(plan.upstreams.at(1).before, Optional(1U));
    EXPECT_THAT(plan.removed, ElementsAre(0U));
    EXPECT_THAT(plan.sockets, ElementsAre(bound_anew, Optional(1U)));
}

TEST(ReloadPlan, MovesAnAddressWithItsSocket) {
    const Config before = config({upstream("a", {"127.0.0.1:1"}), upstream("b", {"127.0.0.1:2"})});
    const Config swapped = config({upstream("a", {"127.0.0.1:2"}), upstream("b", {"127.0.0.1:1"})});
    EXPECT_THAT(plan_reload(before, swapped).sockets, ElementsAre(Optional(1U), Optional(0U)));
    const Config renamed = config({upstream("z", {"127.0.0.1:1"})});
    EXPECT_THAT(plan_reload(before, renamed).sockets, ElementsAre(Optional(0U)));
    const Config unix_before = config({upstream("a", {"unix:/a.sock"})});
    const Config unix_after = config({upstream("b", {"unix:/a.sock"})});
    EXPECT_THAT(plan_reload(unix_before, unix_after).sockets, ElementsAre(Optional(0U)));
}

// Any free port is whatever port it became: it belongs to its upstream.
TEST(ReloadPlan, KeepsAFreePortWithItsUpstreamOnly) {
    const Config before = config({upstream("a", {"127.0.0.1:0"}), upstream("b", {"127.0.0.1:0"})});
    const Config after = config({upstream("b", {"127.0.0.1:0"}), upstream("c", {"127.0.0.1:0"})});
    EXPECT_THAT(plan_reload(before, after).sockets, ElementsAre(Optional(1U), bound_anew));
}

TEST(ReloadPlan, ChangesAdminAndControlAddresses) {
    Config before = config({upstream("a", {"127.0.0.1:1"})});
    before.admin.control = address("unix:/old.sock");
    Config after = before;
    after.admin.listen = {address("127.0.0.1:9464"), address("127.0.0.1:9465")};
    after.admin.control = address("unix:/new.sock");
    const ReloadPlan plan = plan_reload(before, after);
    EXPECT_THAT(plan.admin.open, ElementsAre(address("127.0.0.1:9465")));
    EXPECT_THAT(plan.admin.close, IsEmpty());
    EXPECT_THAT(plan.control.open, ElementsAre(address("unix:/new.sock")));
    EXPECT_THAT(plan.control.close, ElementsAre(address("unix:/old.sock")));
}

TEST(ReloadPlan, RefusesWhatCannotBeBoundBeforeTheOldIsClosed) {
    const Config before = config({upstream("a", {"127.0.0.1:1"})});
    const Config wider = config({upstream("a", {"0.0.0.0:1"})});
    const ReloadPlan plan = plan_reload(before, wider);
    ASSERT_EQ(plan.refused.size(), 1U);
    EXPECT_THAT(plan.refused[0], HasSubstr("upstream.a.listen: 0.0.0.0:1"));
    EXPECT_THAT(plan.refused[0], HasSubstr("127.0.0.1:1"));
    EXPECT_THAT(plan.refused[0], HasSubstr("restart"));

    Config crossed = config({upstream("a", {"127.0.0.1:9464"})});
    crossed.admin.listen = {address("127.0.0.1:1")};
    EXPECT_EQ(plan_reload(before, crossed).refused.size(), 2U);
}

}  // namespace
}  // namespace backstop::config
