#include "proxy/access_reader.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace backstop::proxy {
namespace {

namespace json = boost::json;
using policy::Duration;

// An object of the line, and what the documentation calls it.
class Members {
public:
    Members(const json::value& value, std::string name) : name_(std::move(name)) {
        object_ = value.if_object();
        if (object_ == nullptr) refuse(name_, "is no object");
    }

    const json::value* find(std::string_view key) const {
        return object_->if_contains({key.data(), key.size()});
    }
    bool has(std::string_view key) const { return find(key) != nullptr; }
    Members object(std::string_view key) const { return {need(key), path(key)}; }

    std::string text(std::string_view key) const {
        const json::string* found = need(key).if_string();
        if (found == nullptr) refuse(path(key), "is no text");
        return {found->data(), found->size()};
    }
    std::string text_or_empty(std::string_view key) const {
        return has(key) ? text(key) : std::string();
    }
    bool flag(std::string_view key) const {
        const bool* found = need(key).if_bool();
        if (found == nullptr) refuse(path(key), "is neither true nor false");
        return *found;
    }
    double number(std::string_view key) const {
        json::error_code failed;
        const auto found = need(key).to_number<double>(failed);
        if (failed) refuse(path(key), "is no number");
        return found;
    }
    int count(std::string_view key) const {
        json::error_code failed;
        const int found = need(key).to_number<int>(failed);
        if (failed) refuse(path(key), "is no whole number");
        return found;
    }
    // Written with all its nanoseconds.
    Duration ms(std::string_view key) const {
        const double ns = number(key) * 1e6;
        if (!(std::abs(ns) < 9e18)) refuse(path(key), "is no such time");
        return Duration(std::llround(ns));
    }
    template <typename Value>
    Value word(std::string_view key, std::optional<Value> (*value_of)(std::string_view)) const {
        const std::string found = text(key);
        const std::optional<Value> value = value_of(found);
        if (!value) refuse(path(key), "is '" + found + "', which this version does not know");
        return *value;
    }
    const json::array& array(std::string_view key) const {
        const json::array* found = need(key).if_array();
        if (found == nullptr) refuse(path(key), "is no array");
        return *found;
    }
    [[noreturn]] static void refuse(const std::string& path, const std::string& why) {
        throw std::invalid_argument(path + " " + why);
    }

private:
    const json::value& need(std::string_view key) const {
        const json::value* found = find(key);
        if (found == nullptr)
            refuse(path(key), "is missing; was the line written by this version of backstop?");
        return *found;
    }
    std::string path(std::string_view key) const {
        return (name_.empty() ? "" : name_ + ".") + std::string(key);
    }

    const json::object* object_ = nullptr;
    std::string name_;
};

// Boost.JSON 1.81 reads a number of 16 digits only to within its last bit; where a decision hangs
// on it, it is read again. The key stands in the line once (quotes within texts are escaped),
// though its word may also be a value: `"denied":"budget"`.
double exactly(std::string_view line, std::string_view key, double roughly) {
    const std::string quoted = '"' + std::string(key) + '"';
    for (std::size_t at = line.find(quoted); at != std::string_view::npos;
         at = line.find(quoted, at + 1)) {
        const std::size_t colon = line.find_first_not_of(" \t", at + quoted.size());
        if (colon == std::string_view::npos || line[colon] != ':') continue;
        const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
        if (begin == std::string_view::npos) break;
        double number = roughly;
        std::from_chars(line.data() + begin, line.data() + line.size(), number);
        return number;
    }
    return roughly;
}

policy::AttemptRecord read_attempt(const Members& members) {
    policy::AttemptRecord attempt;
    if (members.find("code") == nullptr || !members.find("code")->is_null())
        attempt.status = members.count("code");
    attempt.failure = members.word("failure", policy::failure_from);
    if (attempt.failure != policy::FailureKind::none) attempt.written_any = members.flag("written");
    attempt.rule = members.text_or_empty("rule");
    attempt.error_code = members.text_or_empty("error_code");
    attempt.reused = members.flag("reused");
    return attempt;
}

policy::RetryJudgement read_judgement(const Members& members, std::size_t attempts) {
    policy::RetryJudgement judgement;
    const int judged = members.count("judged");
    if (judged < 1 || static_cast<std::size_t>(judged) > attempts)
        Members::refuse("decision.judged", "is not one of the attempts");
    judgement.attempt = static_cast<std::size_t>(judged);

    policy::Decision& decision = judgement.decision;
    const std::string action = members.text("action");
    if (action == "retry")
        decision.action = policy::Decision::Action::retry;
    else if (action != "finish")
        Members::refuse("decision.action", "is '" + action + "', neither retry nor finish");
    decision.reason = members.word("reason", policy::reason_from);
    decision.delay.wait = members.ms("wait_ms");
    decision.delay.source = members.word("wait_source", policy::wait_source_from);
    decision.free = members.flag("free");

    policy::RetryFacts& facts = judgement.facts;
    facts.may_repeat = members.flag("may_repeat");
    facts.body_kept = members.flag("body_kept");
    facts.single_attempt = members.flag("single_attempt");
    facts.made = members.count("made");
    facts.allowed = members.count("allowed");
    facts.left = members.ms("left_ms");
    facts.draining = members.flag("draining");
    facts.breaker_open = members.ms("breaker_open_ms");
    facts.gate_closed = members.ms("gate_closed_ms");
    facts.budget = members.number("budget");
    if (members.has("hint_ms"))
        judgement.hint = policy::Hint{
            members.ms("hint_ms"), members.word("hint_source", policy::wait_source_from)};
    judgement.roll = members.number("roll");
    return judgement;
}

void read_patience(const Members& members, policy::Record& record) {
    record.patience = members.ms("deadline_ms");
    if (members.has("timeout_wish_ms")) record.timeout_wish = members.ms("timeout_wish_ms");
    if (members.has("attempts_wish")) record.attempts_wish = members.count("attempts_wish");
}

std::optional<policy::KeySource> key_source_from(std::string_view word) {
    using Source = policy::KeySource;
    for (const Source each : {Source::none, Source::passed, Source::minted, Source::derived})
        if (policy::word(each) == word) return each;
    return std::nullopt;
}

void read_decision(const Members& members, policy::Record& record) {
    if (!record.attempts.empty()) {
        policy::AttemptRecord& last = record.attempts.back();
        last.verdict = members.word("verdict", policy::verdict_from);
        last.evidence = members.word("evidence", policy::evidence_from);
    }
    if (members.has("denied")) record.denied = members.word("denied", policy::denied_from);
    if (!members.has("action")) return;
    record.judgement = read_judgement(members, record.attempts.size());
    read_patience(members, record);
}

}  // namespace

std::optional<AccessLine> read_access_line(std::string_view line) {
    json::error_code failed;
    const json::value parsed = json::parse({line.data(), line.size()}, failed);
    if (failed) throw NoObject("is not JSON (" + failed.message() + ")");
    if (!parsed.is_object()) throw NoObject("is no JSON object");
    const Members members(parsed, "");
    if (members.text_or_empty("msg") != "exchange") return std::nullopt;

    AccessLine out;
    out.time = members.text("ts");
    out.upstream = members.text("upstream");
    out.route = members.text("route");
    out.exchange.route = out.route;
    out.exchange.method = members.text("method");
    out.exchange.key = members.word("idempotency", key_source_from);
    out.exchange.reason = members.word("reason", policy::reason_from);
    const std::string outcome = members.text("outcome");
    out.exchange.client_gone = outcome == "aborted";
    out.exchange.degraded = outcome == "degraded";
    policy::Record& record = out.exchange.record;
    std::size_t place = 0;
    for (const json::value& each : members.array("attempts")) {
        const Members attempt(each, "attempts[" + std::to_string(place++) + "]");
        record.attempts.push_back(read_attempt(attempt));
    }
    out.exchange.decided = members.has("decision");
    if (out.exchange.decided) read_decision(members.object("decision"), record);
    if (record.judgement) {
        policy::RetryJudgement& judgement = *record.judgement;
        judgement.roll = exactly(line, "roll", judgement.roll);
        judgement.facts.budget = exactly(line, "budget", judgement.facts.budget);
    }
    return out;
}

}  // namespace backstop::proxy
