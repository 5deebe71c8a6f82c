// An access line is made of a Report: numbers, words of enums, and texts of the config (upstream,
// route, names of a dialect's rules). Exactly three texts come from outside: the API's error code
// and request id, which are cleaned, and the trace id, which is checked. Nothing else may be added
// here without the same care.
#include "proxy/access_line.hpp"

#include "policy/record.hpp"
#include "proxy/log_text.hpp"
#include "proxy/metric_labels.hpp"
#include "proxy/redact.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>

namespace backstop::proxy {
namespace {

char digit(unsigned number) {
    return static_cast<char>('0' + number % 10);
}

template <typename Number>
void append_number(std::string& out, Number value) {
    std::array<char, 32> room{};  // the longest double has 24 characters
    const auto end = std::to_chars(room.data(), room.data() + room.size(), value).ptr;
    out.append(room.data(), end);
}

// Milliseconds with as many places as they need.
void append_ms(std::string& out, std::chrono::microseconds value) {
    const auto micros = value.count();
    if (micros < 0) {  // a clock that ran backwards: rare
        append_number(out, static_cast<double>(micros) / 1000);
        return;
    }
    append_number(out, micros / 1000);
    const auto rest = static_cast<unsigned>(micros % 1000);
    if (rest == 0) return;
    const std::array<char, 4> places{'.', digit(rest / 100), digit(rest / 10), digit(rest)};
    const std::size_t size = rest % 10 != 0 ? 4 : rest % 100 != 0 ? 3 : 2;
    out.append(places.data(), size);
}

// Writes the members of an object one after the other.
class Object {
public:
    explicit Object(std::string& out) : out_(out) { out_ += '{'; }
    void end() { out_ += '}'; }

    // Returns where the value goes. A line has some thirty members: each name is put together
    // here and appended once.
    template <std::size_t size>
    std::string& member(const char (&name)[size]) {
        std::array<char, size + 3> room{',', '"'};  // its own NUL is one of them
        std::copy_n(name, size - 1, room.data() + 2);
        room[size + 1] = '"';
        room[size + 2] = ':';
        const std::size_t skip = first_ ? 1 : 0;
        first_ = false;
        return out_.append(room.data() + skip, room.size() - skip);
    }
    // Of the config: may hold anything.
    template <std::size_t size>
    void text(const char (&name)[size], std::string_view value) {
        append_json(member(name), value);
    }
    // Of an enum or cleaned: needs no escaping.
    template <std::size_t size>
    void word(const char (&name)[size], std::string_view value) {
        std::string& out = member(name);
        out += '"';
        out += value;
        out += '"';
    }
    template <std::size_t size, typename Number>
    void number(const char (&name)[size], Number value) {
        append_number(member(name), value);
    }
    template <std::size_t size>
    void flag(const char (&name)[size], bool value) {
        member(name) += value ? "true" : "false";
    }
    // Milliseconds, to the nanosecond: `explain` comes to the same decision again.
    template <std::size_t size>
    void exact_ms(const char (&name)[size], policy::Duration value) {
        number(name, std::chrono::duration<double, std::milli>(value).count());
    }
    // Milliseconds, to the microsecond.
    template <std::size_t size>
    void ms(const char (&name)[size], policy::Duration value) {
        append_ms(member(name), std::chrono::floor<std::chrono::microseconds>(value));
    }

private:
    std::string& out_;
    bool first_ = true;
};

void append_quoted(
    std::string& out, void (*append)(std::string&, std::string_view), std::string_view text
) {
    out += '"';
    append(out, text);
    out += '"';
}

void append_attempt(std::string& out, const policy::AttemptRecord& attempt) {
    Object object(out);
    if (attempt.status != 0) {
        object.number("code", attempt.status);
    } else {
        object.member("code") += "null";
    }
    object.word("failure", policy::word(attempt.failure));
    if (attempt.failure != policy::FailureKind::none) {
        object.word("stage", word(attempt.stage));
        object.flag("written", attempt.written_any);
    }
    object.ms("ms", attempt.took);
    object.ms("wait_ms", attempt.waited);
    object.word("wait_source", policy::word(attempt.wait_source));
    object.flag("reused", attempt.reused);
    if (!attempt.rule.empty()) object.text("rule", attempt.rule);
    if (!attempt.error_code.empty())
        append_quoted(object.member("error_code"), append_clean_code, attempt.error_code);
    object.end();
}

void append_attempts(std::string& out, const policy::Record* record) {
    out += '[';
    bool first = true;
    if (record != nullptr) {
        for (const policy::AttemptRecord& attempt : record->attempts) {
            if (!first) out += ',';
            first = false;
            append_attempt(out, attempt);
        }
    }
    out += ']';
}

// What the last judgement was made from, and what it came to.
void append_judgement(Object& object, const policy::Record& record) {
    const policy::RetryJudgement& judgement = *record.judgement;
    const policy::RetryFacts& facts = judgement.facts;
    const policy::Decision& decision = judgement.decision;
    const bool retry = decision.action == policy::Decision::Action::retry;
    object.number("judged", judgement.attempt);
    object.word("action", retry ? "retry" : "finish");
    object.word("reason", policy::word(decision.reason));
    object.exact_ms("wait_ms", decision.delay.wait);
    object.word("wait_source", policy::word(decision.delay.source));
    object.flag("free", decision.free);
    object.flag("may_repeat", facts.may_repeat);
    object.flag("body_kept", facts.body_kept);
    object.flag("single_attempt", facts.single_attempt);
    object.number("made", facts.made);
    object.number("allowed", facts.allowed);
    if (record.attempts_wish) object.number("attempts_wish", *record.attempts_wish);
    object.exact_ms("deadline_ms", record.patience);
    if (record.timeout_wish) object.exact_ms("timeout_wish_ms", *record.timeout_wish);
    object.exact_ms("left_ms", facts.left);
    object.flag("draining", facts.draining);
    object.exact_ms("breaker_open_ms", facts.breaker_open);
    object.exact_ms("gate_closed_ms", facts.gate_closed);
    if (judgement.hint) {
        object.exact_ms("hint_ms", judgement.hint->delay);
        object.word("hint_source", policy::word(judgement.hint->source));
    }
    object.number("roll", judgement.roll);
    object.number("budget", facts.budget);
    if (judgement.clock_offset) object.exact_ms("clock_offset_ms", *judgement.clock_offset);
}

void append_foregone(std::string& out, const std::vector<policy::Record::Foregone>& foregone) {
    out += '[';
    bool first = true;
    for (const policy::Record::Foregone& each : foregone) {
        if (!first) out += ',';
        first = false;
        Object object(out);
        object.word("reason", policy::word(each.reason));
        object.ms("wait_ms", each.wait);
        object.word("wait_source", policy::word(each.source));
        object.flag("fallback", each.fallback);
        object.end();
    }
    out += ']';
}

bool has_decision(const policy::Record& record) {
    return record.judgement || record.denied || !record.foregone.empty() ||
           record.ambiguous != policy::Record::Ambiguous::none;
}

void append_decision(std::string& out, const policy::Record& record) {
    Object object(out);
    if (!record.attempts.empty()) {
        const policy::AttemptRecord& last = record.attempts.back();
        object.word("verdict", policy::word(last.verdict));
        object.word("evidence", policy::word(last.evidence));
        if (!last.rule.empty()) object.text("rule", last.rule);
    }
    if (record.denied) object.word("denied", policy::word(*record.denied));
    if (record.ambiguous != policy::Record::Ambiguous::none)
        object.word("ambiguous", policy::word(record.ambiguous));
    if (record.judgement) append_judgement(object, record);
    if (!record.foregone.empty()) append_foregone(object.member("foregone"), record.foregone);
    object.end();
}

std::string_view label_of(const Report& report) {
    return report.route != nullptr ? std::string_view(report.route->label) : "other";
}

}  // namespace

void append_access_json(std::string& out, std::string_view upstream, const Report& report) {
    Object object(out);
    std::string& time = object.member("ts");
    time += '"';
    append_time(time, report.ended.wall);
    time += '"';
    object.word("level", "info");
    object.word("msg", "exchange");
    object.text("upstream", upstream);
    object.text("route", label_of(report));
    object.word("method", word(method_label(report.method)));
    object.number("status", report.status);
    object.word("outcome", word(report.outcome));
    object.word("reason", policy::word(report.reason));
    object.ms("duration_ms", report.took);
    object.number("bytes_in", report.bytes_in);
    object.number("bytes_out", report.bytes_out);
    append_attempts(object.member("attempts"), report.record);
    object.word("idempotency", policy::word(report.key));
    if (report.twin != Twin::none) object.word("twin", word(report.twin));
    if (const policy::Record* record = report.record) {
        if (!record->error_code.empty())
            append_quoted(object.member("error_code"), append_clean_code, record->error_code);
        if (!record->request_id.empty())
            append_quoted(object.member("request_id"), append_clean_id, record->request_id);
        if (has_decision(*record)) append_decision(object.member("decision"), *record);
    }
    if (const std::string_view trace = trace_id(report.traceparent); !trace.empty())
        object.word("trace_id", trace);
    object.end();
    out += '\n';
}

void append_access_text(std::string& out, std::string_view upstream, const Report& report) {
    append_time(out, report.ended.wall);
    const auto end = std::back_inserter(out);
    fmt::format_to(
        end,
        " info  {}: {} {} {} {} {:.1f}ms",
        upstream,
        label_of(report),
        report.status,
        word(report.outcome),
        policy::word(report.reason),
        std::chrono::duration<double, std::milli>(report.took).count()
    );
    if (report.record != nullptr) {
        std::string_view before = " attempts=";
        for (const policy::AttemptRecord& attempt : report.record->attempts) {
            out += before;
            before = ",";
            if (attempt.waited > policy::Duration::zero()) {
                const double waited = std::chrono::duration<double>(attempt.waited).count();
                fmt::format_to(end, "({:.1f}s)", waited);
            }
            if (attempt.failure != policy::FailureKind::none) {
                out += policy::word(attempt.failure);
            } else {
                fmt::format_to(end, "{}", attempt.status);
            }
        }
        if (report.record->denied)
            out.append(" denied=").append(policy::word(*report.record->denied));
    }
    out += '\n';
}

}  // namespace backstop::proxy
