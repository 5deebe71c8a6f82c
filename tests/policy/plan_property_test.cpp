// Several exchanges at once with an upstream that does whatever it likes, clients that come and go,
// wake-ups at any moment: the laws of an exchange hold (tests/support/laws.hpp).
//
// All choices are read off one list of numbers, so that RapidCheck can shorten a counterexample by
// shortening the list; where it ends, the choice is the first.
#include "tests/support/laws.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace backstop::policy {
namespace {

using namespace std::chrono_literals;
using test::Account;
using test::Happening;
using test::Laws;
using test::Settings;
using test::World;

class Choices {
public:
    explicit Choices(std::vector<std::uint16_t> numbers) : numbers_(std::move(numbers)) {}

    int below(int bound) {
        if (next_ == numbers_.size()) return 0;
        return numbers_[next_++] % bound;
    }
    bool one_in(int count) { return below(count) == count - 1; }
    template <typename T, std::size_t size>
    T of(const std::array<T, size>& values) {
        return values[static_cast<std::size_t>(below(static_cast<int>(size)))];
    }
    bool spent() const { return next_ == numbers_.size(); }

private:
    std::vector<std::uint16_t> numbers_;
    std::size_t next_ = 0;
};

Fallback any_fallback(Choices& choose) {
    Fallback fallback;
    for (const Reason reason :
         {Reason::unreachable,
          Reason::timeout,
          Reason::server_error,
          Reason::rate_limited,
          Reason::quota_exhausted,
          Reason::circuit_open,
          Reason::conflict_resolved})
        if (choose.one_in(2)) fallback.on.push_back(reason);
    return fallback;
}

Settings any_settings(Choices& choose) {
    Settings settings;
    settings.route.deadline = choose.of(std::array<Duration, 4>{60s, 90s, 5s, 500ms});
    settings.route.attempt = choose.of(std::array<Duration, 3>{10s, 2s, 20s});
    settings.route.attempts = choose.of(std::array{3, 1, 2, 10});
    settings.route.keyed = choose.one_in(2);
    settings.route.idempotent = choose.one_in(4);
    if (choose.one_in(2)) settings.route.fallbacks = {any_fallback(choose)};
    settings.retry.unsafe = choose.of(std::array{Unsafe::keyed, Unsafe::never, Unsafe::always});
    settings.retry.max_wait = choose.of(std::array<Duration, 2>{75s, 10s});
    settings.retry.budget.ratio = choose.of(std::array{0.2, 0.0, 1.0});
    settings.retry.budget.per_second = choose.of(std::array{1.0, 0.0, 0.1});
    settings.breaker.consecutive_failures = choose.of(std::array{5, 1, 2});
    settings.breaker.enabled = !choose.one_in(4);
    settings.gate.queue = choose.of(std::array{100, 1, 2});
    settings.gate.enabled = !choose.one_in(8);
    settings.gate.trial_after = choose.of(std::array<Duration, 2>{60s, 5s});
    settings.mode = choose.one_in(6) ? Mode::observe : Mode::act;
    settings.fallbacks = !choose.one_in(6);
    return settings;
}

Request any_request(Choices& choose) {
    static constexpr std::array<std::string_view, 6> methods{
        "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"};
    Request request;
    request.method = choose.of(methods);
    request.key = choose.of(std::array{KeySource::none, KeySource::passed, KeySource::minted});
    request.body_kept = !choose.one_in(8);
    if (choose.one_in(4)) request.timeout_wish = choose.below(8000) * 1ms;
    if (choose.one_in(4)) request.attempts_wish = choose.below(4);
    return request;
}

Failure any_failure(Choices& choose) {
    static constexpr std::array stages{
        Stage::connect, Stage::resolve, Stage::handshake, Stage::send, Stage::await_head};
    Failure failure = test::failure_at(choose.of(stages));
    if (failure.stage < Stage::send) return failure;
    failure.reused = choose.one_in(2);
    if (failure.stage == Stage::send) failure.written_any = !choose.one_in(3);
    if (failure.stage == Stage::await_head && choose.one_in(3)) failure.kind = FailureKind::timeout;
    if (failure.stage == Stage::await_head && choose.one_in(4)) {
        failure.kind = FailureKind::malformed;
        failure.answered_any = true;
    }
    return failure;
}

Happening any_happening(Choices& choose) {
    static constexpr std::array statuses{
        200, 500, 429, 503, 409, 404, 502, 421, 402, 401, 201, 302, 599};
    Happening happening;
    happening.took = choose.below(12000) * 1ms;
    if (choose.one_in(3)) {
        happening.failure = any_failure(choose);
        return happening;
    }
    happening.status = choose.of(statuses);
    happening.kept = choose.one_in(2);
    happening.written_all = !choose.one_in(8);
    happening.breaks_in_body = choose.one_in(6);
    const std::string seconds = std::to_string(choose.of(std::array{0, 1, 2, 7, 30, 80}));
    if (choose.one_in(4))
        happening.fields.emplace_back("retry-after", seconds);
    else if (choose.one_in(4))
        happening.body = R"({"retry_after": )" + seconds + "}";
    if (choose.one_in(4)) {
        happening.fields.emplace_back("x-ratelimit-limit", "100");
        happening.fields.emplace_back("x-ratelimit-remaining", std::to_string(choose.below(20)));
    }
    return happening;
}

// One exchange, and what it is in the middle of.
class Player {
public:
    Player(World& world, Account& account, const Request& request)
        : world_(world),
          laws_(world, account, request),
          plan_(
              world.rules,
              world.rules.other,
              world.standing,
              request,
              world.clock.now(),
              world.roll()
          ) {
        says(plan_.start(world.clock.now()));
    }

    void moves(Choices& choose) {
        if (choose.one_in(20)) loses_body();
        if (choose.one_in(25)) drains(choose.below(20000) * 1ms);
        if (std::holds_alternative<Send>(step_)) return arrives(choose);
        if (std::holds_alternative<Wait>(step_)) return wakes(choose.one_in(4));
        if (!breaks_) return commits();
        breaks_ = false;
        happens({.failure = test::truncated_response()});
    }

    void ends() { laws_.ended(plan_.record()); }
    bool over() const { return over_; }
    const std::vector<std::string>& broken() const { return laws_.broken(); }

private:
    void says(const Step& step) {
        step_ = step;
        laws_.said(step);
        over_ = std::holds_alternative<Substitute>(step);
    }
    void loses_body() {
        laws_.lost_body();
        plan_.body_lost();
    }
    void drains(Duration left) {
        const Instant until = world_.clock.steady() + left;
        laws_.drained(until);
        plan_.drain(until);
    }
    void arrives(Choices& choose) {
        const Happening happening = any_happening(choose);
        const Instant late = world_.clock.steady() + happening.took;
        const Instant give_up_at = std::get<Send>(step_).give_up_at;
        world_.clock.advance_to(std::min(late, give_up_at));
        breaks_ = happening.breaks_in_body;
        happens(happening);
    }
    void happens(const Happening& happening) {
        laws_.happened(happening);
        says(plan_.after(happening.outcome(views_), world_.clock.now()));
    }
    void wakes(bool early) {
        if (!early) world_.clock.advance_to(std::get<Wait>(step_).until);
        says(plan_.resume(world_.clock.now()));
    }
    void commits() {
        laws_.committed();
        plan_.committed(world_.clock.now());
        over_ = true;
    }

    World& world_;
    Laws laws_;
    Plan plan_;
    Step step_{};
    std::vector<Field> views_{};
    bool breaks_ = false;
    bool over_ = false;
};

std::vector<std::string> anything_broken(Choices& choose) {
    World world(any_settings(choose));
    std::vector<double> rolls;
    for (int i = 0; i < 20; ++i)
        rolls.push_back(choose.below(1000) / 1000.0);
    world.rolls(rolls);
    Account account(world.rules.retry.budget);
    std::vector<std::string> broken;
    std::array<std::unique_ptr<Player>, 3> players{};
    const auto leaves = [&](std::unique_ptr<Player>& player) {
        if (!player) return;
        player->ends();
        std::ranges::copy(player->broken(), std::back_inserter(broken));
        player.reset();
    };
    while (!choose.spent()) {
        auto& player = players[static_cast<std::size_t>(choose.below(3))];
        if (!player)
            player = std::make_unique<Player>(world, account, any_request(choose));
        else if (player->over() || choose.one_in(15))
            leaves(player);
        else
            player->moves(choose);
    }
    for (auto& player : players)
        leaves(player);
    for (auto& held : test::anything_held(world, account))
        broken.push_back("given back: " + held);
    return broken;
}

RC_GTEST_PROP(PlanProperty, KeepsTheLaws, ()) {
    const auto number =
        rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint16_t>(0, 60000));
    Choices choose(*rc::gen::scale(20, rc::gen::container<std::vector<std::uint16_t>>(number)));
    const std::vector<std::string> broken = anything_broken(choose);
    for (const std::string& law : broken)
        RC_LOG() << "does not hold: " << law << '\n';
    RC_ASSERT(broken.empty());
}

}  // namespace
}  // namespace backstop::policy
