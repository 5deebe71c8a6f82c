#include "proxy/explanation.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>

namespace backstop::proxy {
namespace {

namespace json = boost::json;
using policy::Duration;
using policy::Explanation;

// Whole ones without point and exponent.
json::value number(double value) {
    constexpr double whole_max = 9007199254740992.0;  // 2^53
    if (std::trunc(value) == value && std::abs(value) <= whole_max)
        return static_cast<std::int64_t>(value);
    return value;
}

json::value ms(Duration duration) {
    return number(std::chrono::duration<double, std::milli>(duration).count());
}

json::string text(std::string_view value) {
    return json::string(value.data(), value.size());
}

std::string_view word(policy::Match match) {
    switch (match) {
        case policy::Match::yes:
            return "yes";
        case policy::Match::status:
            return "status";
        case policy::Match::code:
            return "code";
        case policy::Match::body:
            return "body";
    }
    return "";
}

json::array rules_of(const Explanation& it) {
    json::array out;
    for (const auto& look : it.rules) {
        json::object entry{{"name", text(look.rule->name)}};
        entry["matched"] = look.match == policy::Match::yes;
        if (look.match != policy::Match::yes) entry["stopped_at"] = text(word(look.match));
        out.push_back(std::move(entry));
    }
    return out;
}

json::array delays_of(const Explanation& it) {
    json::array out;
    for (const auto& look : it.delays) {
        json::object entry{{"from", text(look.source->source.name)}};
        if (!look.source->source.parameter.empty())
            entry["parameter"] = text(look.source->source.parameter);
        entry["asked"] = look.reading.covered;
        if (look.text) entry["text"] = text(*look.text);
        if (look.reading.wait) entry["wait_ms"] = ms(*look.reading.wait);
        entry["taken"] = look.taken;
        out.push_back(std::move(entry));
    }
    return out;
}

json::object judgement_of(const policy::RetryJudgement& judgement) {
    const policy::RetryFacts& facts = judgement.facts;
    const policy::Decision& decision = judgement.decision;
    json::object out;
    if (judgement.hint) {
        out["hint_ms"] = ms(judgement.hint->delay);
        out["hint_source"] = text(policy::word(judgement.hint->source));
        out["hint_margin_ms"] = ms(policy::hint_margin);
        out["hint_jitter_ms"] = ms(decision.delay.hint_jitter);
    }
    out["backoff_ms"] = ms(decision.delay.backoff);
    out["backoff_jitter_ms"] = ms(decision.delay.backoff_jitter);
    out["asked_ms"] = ms(decision.delay.asked);
    out["wait_ms"] = ms(decision.delay.wait);
    out["wait_source"] = text(policy::word(decision.delay.source));
    out["roll"] = number(judgement.roll);
    out["free"] = decision.free;
    out["may_repeat"] = facts.may_repeat;
    out["body_kept"] = facts.body_kept;
    out["made"] = facts.made;
    out["allowed"] = facts.allowed;
    out["left_ms"] = ms(facts.left);
    out["budget"] = number(facts.budget);
    if (decision.denied) out["denied"] = text(policy::word(*decision.denied));
    return out;
}

json::object answer_of(const policy::LocalAnswer& answer) {
    json::object fields;
    for (const auto& [name, value] : answer.fields)
        fields[name] = text(value);
    return {
        {"status", answer.status},
        {"content_type", text(answer.content_type)},
        {"headers", std::move(fields)},
        {"body", text(answer.body)}};
}

json::object standing_of(const Explanation& it, policy::Moment now) {
    json::object out{{"breaker_failure", it.counts_against_breaker}};
    if (it.gate_closed) out["gate_closed_ms"] = ms(*it.gate_closed);
    json::array limits;
    for (const auto& each : it.limits) {
        json::object entry{{"scope", text(each.scope)}};
        if (each.state.limit) entry["limit"] = number(*each.state.limit);
        if (each.state.remaining) entry["remaining"] = number(*each.state.remaining);
        if (each.state.used) entry["used"] = number(*each.state.used);
        if (each.state.reset) entry["reset_in_ms"] = ms(*each.state.reset - now.wall);
        limits.push_back(std::move(entry));
    }
    if (!limits.empty()) out["limits"] = std::move(limits);
    if (it.quota) out["quota_remaining"] = number(*it.quota);
    if (!it.meaning.quota_reason.empty()) out["quota_reason"] = text(it.meaning.quota_reason);
    if (it.clock_offset) out["clock_offset_ms"] = ms(*it.clock_offset);
    return out;
}

std::string_view action(const Explanation& it) {
    if (std::holds_alternative<policy::Wait>(it.step)) return "retry";
    if (std::holds_alternative<policy::Send>(it.step)) return "resend";
    if (const auto* ours = std::get_if<policy::Substitute>(&it.step))
        return ours->fallback != nullptr ? "fallback" : "local_error";
    return "deliver";
}

}  // namespace

std::string to_json(
    const policy::Rules& rules, const policy::Situation& situation, const Explanation& it
) {
    json::object out{
        {"upstream", text(rules.upstream)},
        {"dialect", text(rules.dialect->name)},
        {"route", text(it.route->label)},
        {"method", text(situation.method)},
        {"attempt", situation.attempt},
        {"attempts", it.attempts},
        {"left_ms", ms(it.left)},
        {"action", text(action(it))},
        {"conclusion", text(conclusion(it))}};
    if (const auto* deliver = std::get_if<policy::Deliver>(&it.step)) {
        out["reason"] = text(policy::word(deliver->reason));
        if (deliver->retry_after) out["retry_after_ms"] = ms(*deliver->retry_after);
        out["final_failure"] = deliver->final_failure;
    } else if (const auto* ours = std::get_if<policy::Substitute>(&it.step)) {
        out["reason"] = text(policy::word(ours->reason));
    } else {
        out["reason"] = text(policy::word(it.meaning.reason));
    }
    out["verdict"] = text(policy::word(it.meaning.verdict));
    out["evidence"] = text(policy::word(it.meaning.evidence));
    out["rule"] = it.meaning.rule != nullptr ? json::value(text(it.meaning.rule->name)) : nullptr;
    if (it.meaning.rule != nullptr && it.meaning.rule->timeout_factor != 1.0)
        out["timeout_factor"] = number(it.meaning.rule->timeout_factor);
    if (!it.meaning.error_code.empty()) out["error_code"] = text(it.meaning.error_code);
    if (!it.meaning.request_id.empty()) out["request_id"] = text(it.meaning.request_id);
    out["rules"] = rules_of(it);
    out["delays"] = delays_of(it);
    if (it.record.judgement) out["judgement"] = judgement_of(*it.record.judgement);
    out["key"] =
        json::object{{"source", text(policy::word(it.key))}, {"honoured", it.key_honoured}};
    if (it.record.ambiguous != policy::Record::Ambiguous::none)
        out["ambiguous"] = text(policy::word(it.record.ambiguous));
    out["learned"] = standing_of(it, situation.now);
    if (it.answer) out["answer"] = answer_of(*it.answer);
    return json::serialize(out) + "\n";
}

}  // namespace backstop::proxy
