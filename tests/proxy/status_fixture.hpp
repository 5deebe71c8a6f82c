// What tests of /status and of the status page need: one upstream of the name that a test gives it,
// its metrics, and time that stands still.
#pragma once

#include "policy/standing.hpp"
#include "proxy/status.hpp"
#include "proxy/upstream_metrics.hpp"
#include "tests/support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace backstop::proxy {

class StatusFixture : public testing::Test {
protected:
    explicit StatusFixture(std::string upstream) : rules_(rules(std::move(upstream))) {}

    // What `render` makes of how everything stands.
    template <typename Render>  // std::string(const StatusInput&, policy::Moment)
    std::string rendered(Render render) const {
        StatusInput input{.build = build_};
        input.started = clock_.wall() - std::chrono::seconds(90);
        input.ready = true;
        const UpstreamMetrics* upstreams[] = {upstream_.get()};
        input.upstreams = upstreams;
        input.recent = &metrics_.recent();
        return render(input, clock_.now());
    }

    test::FakeClock clock_{};
    Build build_{"1.2.3", "abc"};
    Metrics metrics_{build_};
    const policy::Rules rules_;
    policy::Standing standing_{rules_};
    std::unique_ptr<UpstreamMetrics> upstream_ = metrics_.upstream(rules_);

private:
    static policy::Rules rules(std::string upstream) {
        policy::Rules made;
        made.upstream = std::move(upstream);
        policy::Route reads;
        reads.scope = "reads";
        made.routes = {reads};
        return made;
    }
};

}  // namespace backstop::proxy
