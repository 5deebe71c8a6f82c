#include "tests/support/laws.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace backstop::test {
namespace {

using namespace policy;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration least_left = std::chrono::milliseconds(250);

bool one_of(int status, std::initializer_list<int> statuses) {
    return std::ranges::find(statuses, status) != statuses.end();
}

bool one_of(std::string_view method, std::initializer_list<std::string_view> methods) {
    return std::ranges::find(methods, method) != methods.end();
}

Duration whole_seconds(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return seconds(number);
}

// What a response of the plain dialect asks for, as the scripts write it.
Duration asked(const Happening& happening) {
    for (const auto& [name, value] : happening.fields)
        if (name == "retry-after") return whole_seconds(value);
    constexpr std::string_view member = R"("retry_after": )";
    const auto at = happening.body.find(member);
    if (at == std::string::npos) return {};
    return whole_seconds(std::string_view(happening.body).substr(at + member.size()));
}

int status_of(Reason reason) {
    if (reason == Reason::rate_limited) return 429;
    if (reason == Reason::circuit_open || reason == Reason::draining) return 503;
    return reason == Reason::timeout ? 504 : 502;
}

}  // namespace

Laws::Laws(World& world, Account& account, const Request& request)
    : world_(world), account_(account), route_(world.rules.other), deadline_(now()) {
    const RetryOptions& retry = world.rules.retry;
    const bool keyed = route_.keyed && request.key != KeySource::none;
    minted_ = request.key == KeySource::minted;
    repeatable_ = one_of(request.method, {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) ||
                  route_.idempotent || (keyed && retry.unsafe != Unsafe::never);
    writes_ = !one_of(request.method, {"GET", "HEAD", "OPTIONS"});
    body_kept_ = request.body_kept;
    allowed_ = std::max(1, std::min(route_.attempts, request.attempts_wish.value_or(99)));
    deadline_ += std::min(route_.deadline, request.timeout_wish.value_or(route_.deadline));
}

void Laws::check(bool holds, const std::string& law) {
    if (!holds) broken_.push_back(law);
}

Instant Laws::end() const {
    return drained_ ? std::min(deadline_, *drained_) : deadline_;
}

Evidence Laws::evidence(const Happening& happening) const {
    if (happening.is_failure())
        return happening.failure.written_any ? Evidence::ambiguous : Evidence::not_sent;
    if (one_of(happening.status, {421, 429})) return Evidence::refused;
    return happening.status >= 500 ? Evidence::ambiguous : Evidence::definite;
}

bool Laws::may_follow(const Happening& happening) const {
    switch (evidence(happening)) {
        case Evidence::not_sent:
        case Evidence::refused:
            return true;
        case Evidence::ambiguous:
            return repeatable_ || world_.rules.retry.unsafe == Unsafe::always;
        case Evidence::definite:
            break;
    }
    return false;
}

void Laws::happened(const Happening& happening) {
    const bool broke_off = delivering_;
    delivering_ = waited_ = false;
    const Evidence proof = evidence(happening);
    if (proof == Evidence::ambiguous && writes_) unknown_ = true;
    if (proof == Evidence::definite) unknown_ = false;
    last_at_ = now();
    not_before_ = now() + asked(happening);
    // What the head said still holds for a response that broke off.
    if (!broke_off) to_be_mended_ = one_of(happening.status, {400, 401, 403, 404, 409, 422});
    last_ = happening;
}

void Laws::said(const Step& step) {
    check(!over_, "nothing is said after the answer");
    if (const auto* send = std::get_if<Send>(&step)) said_send(*send);
    if (const auto* wait = std::get_if<Wait>(&step)) said_wait(*wait);
    if (const auto* deliver = std::get_if<Deliver>(&step)) said_deliver(*deliver);
    if (const auto* substitute = std::get_if<Substitute>(&step)) said_substitute(*substitute);
}

void Laws::said_send(const Send& send) {
    check(now() < end() || observing(), "nothing is sent after the deadline");
    check(send.give_up_at <= end(), "an attempt ends by the deadline");
    check(send.give_up_at > now() || observing(), "an attempt has time");
    check(repeatable_ || send.fresh, "a keyless write goes on a fresh connection");
    check(allowed_ > 1 || send.fresh, "a single attempt goes on a fresh connection");
    if (sends_ == 0) {
        check(send.attempt == 1, "the first attempt has number 1");
        account_.request_begun(now());
    } else if (send.attempt == number_) {
        check_race(send);
    } else {
        check_retry(send);
    }
    check(sends_ == 0 || !observing(), "in mode observe each request is sent once");
    ++sends_;
    number_ = send.attempt;
}

void Laws::check_race(const Send& send) {
    const Failure& failure = last_->failure;
    check(
        last_->is_failure() && failure.reused && !failure.answered_any, "only a race is repeated"
    );
    check(failure.kind != FailureKind::timeout, "no time is left for those who were slow");
    check(repeatable_ || !failure.written_any, "a race is repeated for repeatable requests");
    check(allowed_ > 1 || !failure.written_any, "what may be sent once is written once");
    check(!raced_, "one race in an exchange");
    check(body_kept_, "a race needs the request's bytes");
    check(send.fresh && last_at_ == now(), "a race is repeated at once, on a fresh connection");
    raced_ = true;
}

void Laws::check_retry(const Send& send) {
    check(send.attempt == number_ + 1, "attempts are counted one by one");
    check(send.attempt <= allowed_, "no more attempts than allowed");
    check(may_follow(*last_), "the evidence allows another attempt");
    check(body_kept_, "a retry needs the request's bytes");
    check(now() >= not_before_, "never sooner than the server has asked for");
    reserved_.reset();
}

void Laws::said_wait(const Wait& wait) {
    check(wait.until <= end() - least_left, "a wait leaves time for an attempt");
    check(wait.until >= not_before_, "a wait is as long as the server has asked for");
    check(!observing(), "in mode observe nothing waits");
    if (last_ && !waited_ && last_->status != 429) {
        check(account_.reserve(now()), "the budget is not overdrawn");
        reserved_ = now();
    }
    waited_ = true;
}

void Laws::said_deliver(const Deliver& deliver) {
    refund();
    delivering_ = true;
    check(last_ && !last_->is_failure(), "there is a response to deliver");
    if (!last_) return;
    check(!waited_ || last_->kept, "what is delivered late was kept");
    check((last_->status < 400) == (deliver.reason == Reason::succeeded), "success is success");
    const bool twice = minted_ && unknown_;
    check(
        !deliver.final_failure || number_ > 1 || !repeatable_ || twice,
        "a final failure was retried, or may not be"
    );
    check(
        deliver.final_failure || !twice || last_->status < 400 || observing(),
        "nobody is asked to write again under another key"
    );
}

void Laws::said_substitute(const Substitute& substitute) {
    refund();
    over_ = true;
    check(!last_ || last_->is_failure() || last_->status >= 400, "a usable response is delivered");
    check(substitute.outcome_unknown == unknown_, "it is told whether the outcome is unknown");
    check(!substitute.retry_after || *substitute.retry_after >= Duration::zero(), "no past delay");
    if (!substitute.fallback) {
        check(
            substitute.status == status_of(substitute.reason), "an error has the reason's status"
        );
        return;
    }
    check(!observing(), "in mode observe there are no fallbacks");
    check(
        std::ranges::count(substitute.fallback->on, substitute.reason) > 0,
        "a fallback serves the reasons that it lists"
    );
    check(
        !to_be_mended_ || substitute.reason == Reason::conflict_resolved,
        "no fallback hides what has to be mended"
    );
}

void Laws::refund() {
    if (reserved_) account_.refund(*reserved_);
    reserved_.reset();
}

void Laws::ended(const Record& record) {
    refund();
    const auto made = std::ranges::count(record.retries, true, &RetryRecord::made);
    check(made == std::max(0, number_ - 1), "each retry is recorded");
    check(record.attempts.size() <= sends_, "attempts are recorded once");
    check(!delivering_ || record.attempts.size() == sends_, "each attempt is recorded");
}

std::vector<std::string> play(
    World& world, const Request& request, const std::vector<Happening>& script
) {
    constexpr int steps_max = 100;
    Account account(world.rules.retry.budget);
    Laws laws(world, account, request);
    {
        Plan plan(
            world.rules, world.rules.other, world.standing, request, world.clock.now(), world.roll()
        );
        std::vector<Field> views;
        std::size_t next = 0;
        bool breaks = false;
        const auto comes = [&](const Happening& happening) {
            laws.happened(happening);
            return plan.after(happening.outcome(views), world.clock.now());
        };
        Step step = plan.start(world.clock.now());
        for (int steps = 0; steps < steps_max; ++steps) {
            laws.said(step);
            if (const auto* send = std::get_if<Send>(&step)) {
                const Happening happening =
                    next < script.size() ? script[next] : Happening{.status = 200};
                ++next;
                breaks = happening.breaks_in_body;
                const Instant late = world.clock.steady() + happening.took;
                world.clock.advance_to(std::min(late, send->give_up_at));
                step = comes(happening);
            } else if (const auto* wait = std::get_if<Wait>(&step)) {
                world.clock.advance_to(wait->until);
                step = plan.resume(world.clock.now());
            } else if (std::holds_alternative<Deliver>(step) && breaks) {
                breaks = false;
                step = comes({.failure = truncated_response()});
            } else {
                break;
            }
        }
        if (std::holds_alternative<Deliver>(step)) plan.committed(world.clock.now());
        laws.ended(plan.record());
    }
    std::vector<std::string> broken = laws.broken();
    std::ranges::copy(anything_held(world, account), std::back_inserter(broken));
    return broken;
}

std::vector<std::string> anything_held(World& world, const Account& account) {
    std::vector<std::string> held;
    const Instant now = world.clock.steady();
    const double tokens = world.standing.budget.tokens(now);
    if (std::abs(tokens - account.tokens(now)) > 1e-6) held.emplace_back("a retry of the budget");
    if (world.gate().waiting() != 0) held.emplace_back("a place in the queue of the gate");
    world.clock.advance(minutes(20));
    if (!world.standing.breaker.admit(true, world.clock.steady()).admitted)
        held.emplace_back("the probe of the breaker");
    return held;
}

}  // namespace backstop::test
