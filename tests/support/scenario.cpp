#include "tests/support/scenario.hpp"

#include "tests/support/laws.hpp"

#include <gtest/gtest.h>

#include <array>

namespace backstop::test {
namespace {

using namespace policy;

// What a Plan said, for messages.
std::string text(const Step& step, Moment now) {
    const auto milliseconds = [](Duration duration) {
        return std::to_string(std::chrono::round<std::chrono::milliseconds>(duration).count()) +
               " ms";
    };
    if (const auto* send = std::get_if<Send>(&step))
        return "send " + std::to_string(send->attempt) +
               (send->fresh ? " on a fresh connection" : "");
    if (const auto* wait = std::get_if<Wait>(&step))
        return "wait " + milliseconds(wait->until - now.steady) + " by " +
               std::string(word(wait->source));
    if (const auto* deliver = std::get_if<Deliver>(&step))
        return "deliver: " + std::string(word(deliver->reason));
    const auto& substitute = std::get<Substitute>(step);
    return (substitute.fallback ? "fallback " : "error ") + std::to_string(substitute.status) +
           ": " + std::string(word(substitute.reason));
}

class At {
public:
    explicit At(const Scenario::Here& here)
        : trace_(here.file_name(), static_cast<int>(here.line()), "") {}

private:
    testing::ScopedTrace trace_;
};

}  // namespace

Scenario::Scenario(Request request, Settings settings)
    : own_(std::make_unique<World>(std::move(settings))), world_(own_.get()), request_(request) {}

Scenario::Scenario(World& world, Request request) : world_(&world), request_(request) {}

Plan& Scenario::plan() {
    if (!plan_)
        plan_ = std::make_unique<Plan>(
            world_->rules, world_->rules.other, world_->standing, request_, now(), world_->roll()
        );
    return *plan_;
}

void Scenario::started() {
    if (started_) return;
    started_ = true;
    step_ = plan().start(now());
}

template <typename Expected>
const Expected& Scenario::said(const char* what) {
    started();
    static const Expected nothing{};
    const auto* step = std::get_if<Expected>(&step_);
    if (step) return *step;
    ADD_FAILURE() << "expected to " << what << ", but the plan says: " << text(step_, now());
    return nothing;
}

void Scenario::expect_send(int attempt, Here here) {
    const At at(here);
    EXPECT_EQ(said<Send>("send").attempt, attempt);
}

void Scenario::expect_send(int attempt, Duration time_for_it, Here here) {
    const At at(here);
    const Send& send = said<Send>("send");
    EXPECT_EQ(send.attempt, attempt);
    EXPECT_EQ(send.give_up_at - now().steady, time_for_it);
}

void Scenario::expect_fresh_send(int attempt, Here here) {
    const At at(here);
    const Send& send = said<Send>("send");
    EXPECT_EQ(send.attempt, attempt);
    EXPECT_TRUE(send.fresh);
}

void Scenario::expect_wait(Duration wait, WaitSource source, Here here) {
    expect_asleep(wait, source, here);
    wake();
}

void Scenario::expect_asleep(Duration wait, WaitSource source, Here here) {
    const At at(here);
    const Wait& step = said<Wait>("wait");
    EXPECT_EQ(step.until - now().steady, wait) << text(step_, now());
    EXPECT_EQ(word(step.source), word(source));
}

const Deliver& Scenario::expect_deliver(Reason reason, Here here) {
    const At at(here);
    const Deliver& step = said<Deliver>("deliver");
    EXPECT_EQ(word(step.reason), word(reason));
    return step;
}

const Substitute& Scenario::expect_fallback(Reason reason, Here here) {
    const At at(here);
    const Substitute& step = said<Substitute>("serve a fallback");
    EXPECT_NE(step.fallback, nullptr) << text(step_, now());
    EXPECT_EQ(word(step.reason), word(reason));
    return step;
}

const Substitute& Scenario::expect_error(int status, Reason reason, Here here) {
    const At at(here);
    const Substitute& step = said<Substitute>("answer with an error");
    EXPECT_EQ(step.fallback, nullptr) << text(step_, now());
    EXPECT_EQ(step.status, status);
    EXPECT_EQ(word(step.reason), word(reason));
    return step;
}

void Scenario::takes(Duration time) {
    takes_ = time;
}

void Scenario::upstream_answers(int status, Fields fields, std::string body) {
    happens({.status = status, .fields = std::move(fields), .body = std::move(body)});
}

void Scenario::upstream_answers_whole(int status, Fields fields, std::string body) {
    happens({.status = status, .fields = std::move(fields), .body = std::move(body), .kept = true});
}

void Scenario::upstream_fails(const Failure& failure) {
    happens({.failure = failure});
}

void Scenario::happens(Happening happening) {
    started();
    happening.took = std::exchange(takes_, {});
    world_->clock.advance(happening.took);
    std::vector<Field> views;
    step_ = plan().after(happening.outcome(views), now());
    script_.push_back(std::move(happening));
}

void Scenario::pool_stays_full() {
    world_->clock.advance_to(said<Send>("send").give_up_at);
    step_ = plan().crowded(now());
}

void Scenario::wake() {
    if (const auto* wait = std::get_if<Wait>(&step_)) {
        world_->clock.advance_to(wait->until);
        step_ = plan().resume(now());
    }
}

void Scenario::wake_early() {
    if (std::holds_alternative<Wait>(step_)) step_ = plan().resume(now());
}

void Scenario::commit() {
    plan().committed(now());
}

void Scenario::client_leaves() {
    plan_.reset();
}

void Scenario::replay_failing_everywhere(Here here) const {
    const At at(here);
    constexpr std::array stages{
        Stage::resolve,
        Stage::connect,
        Stage::handshake,
        Stage::send,
        Stage::await_head,
        Stage::receive_body,
    };
    const auto expect_lawful = [this](const std::vector<Happening>& script, std::string how) {
        World world(world_->settings);
        for (const std::string& law : play(world, request_, script))
            ADD_FAILURE() << how << ", this did not hold: " << law;
    };
    expect_lawful(script_, "As it was written");
    for (std::size_t i = 0; i < script_.size(); ++i) {
        for (const Stage stage : stages) {
            for (const bool reused : {false, true}) {
                if (reused && stage < Stage::send) continue;
                std::vector<Happening> script = script_;
                script[i] = {.failure = failure_at(stage), .took = script_[i].took};
                script[i].failure.reused = reused;
                expect_lawful(
                    script,
                    "With outcome " + std::to_string(i + 1) + " a failure at stage " +
                        std::to_string(static_cast<int>(stage)) + (reused ? ", reused" : "")
                );
            }
        }
        std::vector<Happening> script = script_;
        script[i].breaks_in_body = true;
        expect_lawful(script, "With outcome " + std::to_string(i + 1) + " broken in its body");
    }
}

}  // namespace backstop::test
