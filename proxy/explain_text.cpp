#include "proxy/explanation.hpp"

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <iterator>

namespace backstop::proxy {
namespace {

using policy::Denied;
using policy::Duration;
using policy::Explanation;

std::string_view sentence(Denied denied) {
    switch (denied) {
        case Denied::attempts:
            return "all attempts have been made";
        case Denied::budget:
            return "the retry budget is empty";
        case Denied::deadline:
            return "the wait would leave less than 250 ms before the deadline";
        case Denied::max_wait:
            return "the wait is longer than retry.max_wait";
        case Denied::queue:
            return "the queue at the gate is full";
        case Denied::unsafe:
            return "it may have been acted on, and nothing makes it safe to repeat";
        case Denied::body:
            return "the request body was not kept";
        case Denied::breaker:
            return "the breaker would not let it through";
        case Denied::draining:
            return "the process would end before it";
    }
    return "";
}

std::string_view sentence(const policy::Classification& meaning) {
    switch (meaning.evidence) {
        case policy::Evidence::not_sent:
            return "nothing of the request was sent";
        case policy::Evidence::refused:
            // The dialect's word for it, which its guide gives: nobody can know it of a 5xx.
            return meaning.reason == policy::Reason::server_error
                       ? "the dialect calls this status safe to send again"
                       : "the API did not act";
        case policy::Evidence::ambiguous:
            return "the API may have acted";
        case policy::Evidence::definite:
            return "the API has answered for good";
    }
    return "";
}

std::string_view word(policy::Retry retry) {
    if (retry == policy::Retry::always) return "always";
    return retry == policy::Retry::repeatable ? "if the request is repeatable" : "never";
}

std::string place(const policy::Source& source) {
    return source.parameter.empty() ? source.name : source.name + ";" + source.parameter;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts)
        out += (out.empty() ? "" : ", ") + text;
    return out;
}

std::string why(const Explanation::RuleLook& look, const policy::Classification& meaning) {
    switch (look.match) {
        case policy::Match::yes:
            return fmt::format("{}, retry {}", policy::word(meaning.verdict), word(meaning.retry));
        case policy::Match::status:
            return "is about other statuses";
        case policy::Match::code:
            return fmt::format(
                "wants the error code {}; it is '{}'", joined(look.rule->codes), meaning.error_code
            );
        case policy::Match::body:
            return fmt::format("the body has no '{}'", look.rule->contains);
    }
    return "";
}

std::string what(const Explanation::DelayLook& look) {
    if (!look.reading.covered) return "not asked in answers of this status";
    if (!look.text) return "not there";
    if (!look.reading.written) return fmt::format("'{}': cannot be read as a delay", *look.text);
    if (!look.reading.wait)
        return fmt::format("'{}': has passed, or is more than 24 h ahead", *look.text);
    return fmt::format(
        "'{}': {}, {}",
        *look.text,
        in_seconds(*look.reading.wait),
        look.taken ? "taken" : "but one before it counts"
    );
}

std::string arithmetic(const policy::RetryJudgement& judgement, const policy::Rule* rule) {
    const policy::RetryDelay& delay = judgement.decision.delay;
    const std::string drawn = in_seconds(delay.wait);
    if (judgement.hint) {
        return fmt::format(
            "longer of asked {} + {} and backoff {} + jitter {}; + jitter {} = {}",
            in_seconds(judgement.hint->delay),
            in_seconds(policy::hint_margin),
            in_seconds(delay.backoff),
            in_seconds(delay.backoff_jitter),
            in_seconds(delay.hint_jitter),
            drawn
        );
    }
    if (rule != nullptr && rule->wait_max) {
        return fmt::format(
            "drawn between {} and {} (rule '{}') = {}",
            in_seconds(rule->wait_min.value_or(Duration::zero())),
            in_seconds(*rule->wait_max),
            rule->name,
            drawn
        );
    }
    return fmt::format(
        "backoff {} + jitter {} = {}",
        in_seconds(delay.backoff),
        in_seconds(delay.backoff_jitter),
        drawn
    );
}

class Page {
public:
    template <typename... Values>
    void line(std::string_view title, fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(out_), "{:<10} ", title);
        append(fmt::format(format, std::forward<Values>(values)...));
        out_ += '\n';
    }
    void gap() { out_ += '\n'; }
    std::string text() && { return std::move(out_); }

private:
    // What an upstream wrote must neither command the terminal it is shown on nor look like a line
    // of ours.
    void append(std::string_view text) {
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x20 || byte == 0x7f) {
                fmt::format_to(std::back_inserter(out_), "\\x{:02x}", byte);
            } else {
                out_ += c;
            }
        }
    }

    std::string out_{};
};

std::string outcome_text(const policy::Outcome& outcome) {
    if (const auto* failure = std::get_if<policy::Failure>(&outcome))
        return fmt::format("failed: {}", policy::word(failure->kind));
    return fmt::format("status {}", std::get<policy::ResponseHead>(outcome).status);
}

void write_looks(Page& page, const Explanation& it) {
    std::string_view title = "rules";
    for (const Explanation::RuleLook& look : it.rules) {
        const bool yes = look.match == policy::Match::yes;
        page.line(title, "{} {}: {}", yes ? "yes" : "no ", look.rule->name, why(look, it.meaning));
        title = "";
    }
    if (it.meaning.rule == nullptr)
        page.line(
            title, "yes HTTP's own: {}, retry {}", word(it.meaning.verdict), word(it.meaning.retry)
        );
    page.line("evidence", "{}: {}", word(it.meaning.evidence), sentence(it.meaning));
    title = "delay";
    for (const Explanation::DelayLook& look : it.delays) {
        page.line(title, "{}: {}", place(look.source->source), what(look));
        title = "";
    }
}

void write_judgement(Page& page, const policy::Rules& rules, const Explanation& it) {
    if (!it.record.judgement) {
        page.line("retry", "not called for: {}", word(it.meaning.verdict));
        return;
    }
    const policy::RetryJudgement& judgement = *it.record.judgement;
    const policy::RetryFacts& facts = judgement.facts;
    const policy::Decision& decision = judgement.decision;
    page.line("wait", "{}", arithmetic(judgement, it.meaning.rule));
    page.line("", "roll {}, source {}", judgement.roll, word(decision.delay.source));
    page.line(
        "limits",
        "attempt {} of {}; {} left, of which the wait must leave {}; max_wait {} for {}",
        facts.made,
        facts.allowed,
        in_seconds(facts.left),
        in_seconds(policy::least_time_left),
        in_seconds(rules.retry.max_wait),
        in_seconds(decision.delay.asked)
    );
    page.line(
        "",
        "{}; budget {}",
        facts.may_repeat ? "the request is repeatable" : "the request is not repeatable",
        decision.free ? "not asked after a 429" : fmt::format("{:.4g}", facts.budget)
    );
    if (decision.denied)
        page.line("retry", "no ({}): {}", word(*decision.denied), sentence(*decision.denied));
    else
        page.line("retry", "yes");
    if (it.meaning.rule != nullptr && it.meaning.rule->timeout_factor != 1.0)
        page.line(
            "", "the next attempt may take {} times as long", it.meaning.rule->timeout_factor
        );
}

std::string_view sentence(const Explanation& it) {
    switch (it.key) {
        case policy::KeySource::none:
            return "none";
        case policy::KeySource::passed:
            return it.key_honoured ? "the client's own" : "the client's own, not honoured here";
        case policy::KeySource::minted:
            return "added by backstop, the same on all attempts";
        case policy::KeySource::derived:
            return "derived from the body by backstop";
    }
    return "";
}

std::string shown(const std::optional<double>& number) {
    return number ? fmt::format("{:.10g}", *number) : "?";
}

void write_standing(Page& page, const Explanation& it, policy::Moment now) {
    page.line("breaker", "{}", it.counts_against_breaker ? "a failure" : "no failure");
    if (it.gate_closed) page.line("gate", "closed for {}", in_seconds(*it.gate_closed));
    for (const Explanation::Limit& each : it.limits) {
        const auto& state = each.state;
        const std::string reset =
            state.reset ? ", resets in " + in_seconds(*state.reset - now.wall) : std::string();
        page.line(
            "limit",
            "{}: {} remaining of {}{}",
            each.scope,
            shown(state.remaining),
            shown(state.limit),
            reset
        );
    }
    if (it.quota) page.line("quota", "{} remaining", shown(it.quota));
    if (!it.meaning.quota_reason.empty())
        page.line("quota", "refused: {}", it.meaning.quota_reason);
    if (it.clock_offset)
        page.line("clock", "the upstream's is {} ahead", in_seconds(*it.clock_offset));
}

void write_answer(Page& page, const Explanation& it) {
    if (!it.answer) return;
    page.line("answer", "{}", it.answer->status);
    for (const auto& [name, value] : it.answer->fields)
        page.line("", "{}: {}", name, value);
    page.line("", "{}", it.answer->body);
}

}  // namespace

std::string in_seconds(Duration duration) {
    const auto whole = std::chrono::round<std::chrono::microseconds>(duration).count();
    return fmt::format("{} s", static_cast<double>(whole) / 1e6);
}

std::string conclusion(const Explanation& it) {
    if (std::holds_alternative<policy::Wait>(it.step))
        return fmt::format("retry after {}", in_seconds(it.record.judgement->decision.delay.wait));
    if (const auto* ours = std::get_if<policy::Substitute>(&it.step))
        return fmt::format(
            "{} {} ({})",
            ours->fallback != nullptr ? "fallback" : "error of our own",
            ours->status,
            word(ours->reason)
        );
    if (const auto* deliver = std::get_if<policy::Deliver>(&it.step)) {
        std::string text = fmt::format("pass on the answer ({})", word(deliver->reason));
        if (deliver->retry_after)
            text += fmt::format(", with Retry-After {}", in_seconds(*deliver->retry_after));
        if (deliver->final_failure) text += ", with X-Should-Retry: false";
        return text;
    }
    return "try again at once, on a fresh connection";
}

std::string to_text(
    const policy::Rules& rules, const policy::Situation& situation, const Explanation& it
) {
    Page page;
    page.line(
        "request",
        "{} {} (route {}), attempt {} of {}, {} left",
        situation.method,
        situation.target,
        it.route->label,
        situation.attempt,
        it.attempts,
        in_seconds(it.left)
    );
    page.line("outcome", "{}", outcome_text(situation.outcome));
    page.line("then", "{}", conclusion(it));
    for (const auto& each : it.record.foregone)
        page.line(
            "observing",
            "would have {}",
            each.wait > Duration::zero() ? "waited " + in_seconds(each.wait) : "answered itself"
        );
    page.gap();
    write_looks(page, it);
    write_judgement(page, rules, it);
    page.line("key", "{}", sentence(it));
    if (it.record.ambiguous != policy::Record::Ambiguous::none)
        page.line("write", "its outcome is {}", word(it.record.ambiguous));
    page.gap();
    write_standing(page, it, situation.now);
    write_answer(page, it);
    return std::move(page).text();
}

}  // namespace backstop::proxy
