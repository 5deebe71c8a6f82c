// A failure needs no dialect: either nothing was written, and so nothing was sent, or it is
// ambiguous. A response is judged first (policy/judgement.hpp); then the delay, the limits and the
// quota are read from where the dialect says they stand.
#include "policy/classify.hpp"

#include "policy/delay.hpp"
#include "policy/judgement.hpp"
#include "policy/response_values.hpp"

#include <algorithm>
#include <utility>

namespace backstop::policy {
namespace {

// Codes and ids go to the log; an upstream does not decide how long a line gets.
constexpr std::size_t logged_bytes_max = 128;

std::string for_the_log(std::string text) {
    if (text.size() <= logged_bytes_max) return text;
    std::size_t end = logged_bytes_max;
    const auto continues = [&](std::size_t at) {  // a byte within a UTF-8 character
        return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
    };
    while (end > 0 && continues(end))
        --end;
    text.resize(end);
    return text;
}

bool is_date(const Delay& delay) {
    return std::holds_alternative<WallTime>(delay);
}

WaitSource wait_source(const Source& source, const Delay& delay) {
    if (is_date(delay)) return WaitSource::epoch;
    return source.place == Source::Place::header ? WaitSource::header : WaitSource::body;
}

// One response being read under one dialect.
class Reading {
public:
    Reading(const Dialect& dialect, const ResponseHead& head, const ClockOffset& clock, Moment now)
        : dialect_(dialect), head_(head), clock_(clock), now_(now), values_(head) {}

    Classification classification() {
        read_meaning();
        if (may_pass(result_.verdict)) read_hint();
        read_quota();
        read_limits();
        return std::move(result_);
    }

private:
    // A rule may name a status below 400, of an API that reports errors with a 200.
    bool may_be_error() const {
        const auto covers_status = [this](const Rule& rule) { return covers(rule, head_.status); };
        return is_error(head_.status) || std::ranges::any_of(dialect_.rules, covers_status);
    }

    void read_meaning() {
        std::string code;
        if (may_be_error()) code = values_.text(dialect_.error.code).value_or("");
        const Judgement judgement = judge(dialect_, head_.status, code, head_.body);
        result_.verdict = judgement.verdict;
        result_.retry = judgement.retry;
        result_.evidence = judgement.evidence;
        result_.reason = judgement.reason;
        result_.rule = judgement.rule;
        result_.error_code = for_the_log(std::move(code));
        if (may_be_error())
            result_.request_id = for_the_log(values_.text(dialect_.error.request_id).value_or(""));
    }

    void read_hint() {
        for (const DelaySource& source : dialect_.delays) {
            const DelayReading read = read_delay(values_, source, head_.status, clock_, now_);
            if (!read.wait) continue;
            if (!result_.hint)
                result_.hint = Hint{*read.wait, wait_source(source.source, *read.written)};
            if (source.source.place == Source::Place::header) result_.hint_in_header = true;
        }
        if (result_.rule != nullptr) apply_waits(*result_.rule);
    }

    void apply_waits(const Rule& rule) {
        if (!result_.hint && rule.wait_default)
            result_.hint = Hint{*rule.wait_default, WaitSource::backoff};
        if (!rule.wait_min) return;
        if (result_.hint)
            result_.hint->delay = std::max(result_.hint->delay, *rule.wait_min);
        else if (!rule.wait_max)
            result_.hint = Hint{*rule.wait_min, WaitSource::backoff};
    }

    void read_quota() {
        const QuotaShape& quota = dialect_.quota;
        result_.quota_remaining = values_.number(quota.remaining);
        if (result_.verdict != Verdict::quota_spent) return;
        result_.quota_required = values_.number(quota.required);
        const std::string reason = values_.text(quota.reason).value_or("");
        const bool known = std::ranges::find(quota.reasons, reason) != quota.reasons.end();
        result_.quota_reason = known ? reason : "other";
    }

    void read_limits() {
        for (std::size_t i = 0; i < dialect_.limits.size(); ++i) {
            const auto observation = observe(dialect_.limits[i]);
            if (observation) result_.limits.push_back({i, *observation});
        }
    }

    std::optional<RateLimitTracker::Observation> observe(const LimitShape& shape) const {
        RateLimitTracker::Observation seen;
        seen.limit = values_.number(shape.limit);
        seen.remaining = values_.number(shape.remaining);
        seen.used = values_.number(shape.used);
        seen.reset = reset_of(shape);
        // Some APIs write -1 or 0 for "without limit": then nothing is used up, whatever stands
        // beside it. And some go below zero where they grant a grace.
        if (seen.limit && *seen.limit <= 0) return std::nullopt;
        if (seen.used && *seen.used < 0) seen.used.reset();
        if (seen.remaining) seen.remaining = std::max(*seen.remaining, 0.0);
        if (!seen.limit && !seen.remaining && !seen.used && !seen.reset) return std::nullopt;
        return seen;
    }

    std::optional<WallTime> reset_of(const LimitShape& shape) const {
        for (const DelaySource& source : shape.reset) {
            if (!covers(source, head_.status)) continue;
            const auto written = values_.delay(source, now_.wall);
            if (!written) continue;
            const WallTime reset = is_date(*written) ? clock_.to_ours(std::get<WallTime>(*written))
                                                     : now_.wall + std::get<Duration>(*written);
            if (reset >= now_.wall - delay_max && reset <= now_.wall + delay_max) return reset;
        }
        return std::nullopt;
    }

    const Dialect& dialect_;
    const ResponseHead& head_;
    const ClockOffset& clock_;
    Moment now_;
    ResponseValues values_;
    Classification result_{};
};

Classification of_failure(const Failure& failure) {
    Classification result;
    result.verdict = Verdict::transient;
    result.evidence = failure.written_any ? Evidence::ambiguous : Evidence::not_sent;
    result.retry = failure.written_any ? Retry::repeatable : Retry::always;
    result.reason = failure.kind == FailureKind::timeout ? Reason::timeout : Reason::unreachable;
    return result;
}

bool in_body(const std::vector<Source>& sources) {
    return std::ranges::find(sources, Source::Place::json, &Source::place) != sources.end();
}

bool in_body(const std::vector<DelaySource>& sources, int status) {
    return std::ranges::any_of(sources, [status](const DelaySource& delay) {
        return delay.source.place == Source::Place::json && covers(delay, status);
    });
}

}  // namespace

Classification classify(
    const Dialect& dialect, const Outcome& outcome, const ClockOffset& clock, Moment now
) {
    if (const auto* failure = std::get_if<Failure>(&outcome)) return of_failure(*failure);
    return Reading(dialect, std::get<ResponseHead>(outcome), clock, now).classification();
}

bool counts_against_breaker(const Outcome& outcome, Verdict verdict) {
    const auto* head = std::get_if<ResponseHead>(&outcome);
    if (head == nullptr) return true;
    // A dialect's rule can find an outage in what calls itself a success.
    const bool disguised = !is_error(head->status) && verdict == Verdict::transient;
    return disguised || (is_server_error(head->status) && !is_limit(verdict));
}

bool wants_body(const Dialect& dialect, int status) {
    const bool code_in_body = in_body(dialect.error.code);
    const auto rule_reads = [&](const Rule& rule) {
        return covers(rule, status) &&
               (!rule.contains.empty() || (!rule.codes.empty() && code_in_body));
    };
    if (std::ranges::any_of(dialect.rules, rule_reads)) return true;
    if (!is_error(status)) return false;
    const auto limit_reads = [&](const LimitShape& limit) {
        return in_body(limit.limit) || in_body(limit.remaining) || in_body(limit.used) ||
               in_body(limit.reset, status);
    };
    return code_in_body || in_body(dialect.error.request_id) || in_body(dialect.delays, status) ||
           in_body(dialect.quota.remaining) || in_body(dialect.quota.required) ||
           in_body(dialect.quota.reason) || std::ranges::any_of(dialect.limits, limit_reads);
}

}  // namespace backstop::policy
