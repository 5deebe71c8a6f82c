#include "proxy/control_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace backstop::proxy {
namespace {

class ControlAnswerTest : public testing::Test {
protected:
    ControlAnswerTest() {
        target_.draining = [this] { return draining_; };
        target_.reload = [this](Reloader::Done done) {
            ++reloads_;
            waiting_ = std::move(done);
        };
        target_.quit = [this] { ++quits_; };
    }

    std::optional<AdminAnswer> ask(std::string_view method, std::string_view path) {
        answer_.reset();
        answer_control(target_, method, path, [this](AdminAnswer answer) {
            answer_ = std::move(answer);
        });
        return answer_;
    }

    bool draining_ = false;
    int reloads_ = 0;
    int quits_ = 0;
    Reloader::Done waiting_{};
    ControlTarget target_{};
    std::optional<AdminAnswer> answer_{};
};

TEST_F(ControlAnswerTest, AnswersAReloadOnceItHasEnded) {
    EXPECT_FALSE(ask("POST", "/reload"));
    waiting_({true, "warning: w\n"});
    ASSERT_TRUE(answer_);
    EXPECT_EQ(answer_->status, 200U);
    EXPECT_EQ(answer_->body, "warning: w\nreloaded\n");

    EXPECT_FALSE(ask("POST", "/reload"));
    waiting_({false, "backstop.toml:1:1: error: e\n"});
    ASSERT_TRUE(answer_);
    EXPECT_EQ(answer_->status, 422U);
    EXPECT_THAT(answer_->body, testing::StartsWith("backstop.toml:1:1: error: e\n"));
    EXPECT_THAT(answer_->body, testing::HasSubstr("old configuration stays in force"));
    EXPECT_EQ(reloads_, 2);
}

TEST_F(ControlAnswerTest, DoesNotReloadWhileItDrains) {
    draining_ = true;
    EXPECT_EQ(ask("POST", "/reload").value_or(AdminAnswer{}).status, 503U);
    EXPECT_EQ(reloads_, 0);
}

TEST_F(ControlAnswerTest, Quits) {
    EXPECT_EQ(ask("POST", "/quit").value_or(AdminAnswer{}).status, 200U);
    EXPECT_EQ(quits_, 1);
}

TEST_F(ControlAnswerTest, TakesNothingElse) {
    for (const std::string_view method : {"GET", "HEAD", "PUT", "post"}) {
        const AdminAnswer answer = ask(method, "/quit").value_or(AdminAnswer{});
        EXPECT_EQ(answer.status, 405U) << method;
        EXPECT_EQ(answer.allow, "POST");
        EXPECT_EQ(ask(method, "/reload").value_or(AdminAnswer{}).status, 405U);
    }
    for (const std::string_view path : {"/", "/quit/", "/quit?now", "/metrics", "*"})
        EXPECT_EQ(ask("POST", path).value_or(AdminAnswer{}).status, 404U) << path;
    EXPECT_EQ(quits_ + reloads_, 0);
}

}  // namespace
}  // namespace backstop::proxy
