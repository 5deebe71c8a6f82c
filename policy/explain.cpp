#include "policy/explain.hpp"

#include "policy/idempotency_key.hpp"

#include <algorithm>
#include <array>

namespace backstop::policy {
namespace {

std::vector<Explanation::RuleLook> look_at_rules(
    const Dialect& dialect, const ResponseHead& head, std::string_view code
) {
    std::vector<Explanation::RuleLook> looks;
    for (const Rule& rule : dialect.rules) {
        looks.push_back({&rule, match(rule, head.status, code, head.body)});
        if (looks.back().match == Match::yes) break;
    }
    return looks;
}

std::vector<Explanation::DelayLook> look_at_delays(
    const Dialect& dialect, const ResponseHead& head, const ClockOffset& clock, Moment now
) {
    const ResponseValues values(head);
    std::vector<Explanation::DelayLook> looks;
    bool taken = false;
    for (const DelaySource& source : dialect.delays) {
        Explanation::DelayLook look{.source = &source};
        look.reading = read_delay(values, source, head.status, clock, now);
        look.text = values.text({&source.source, 1});
        look.taken = !taken && look.reading.wait.has_value();
        taken = taken || look.taken;
        looks.push_back(std::move(look));
    }
    return looks;
}

LocalAnswer local_answer(
    const Rules& rules, const Substitute& substitute, const Situation& situation, const Plan& plan
) {
    const auto limit = plan.limits().state(situation.now);
    LocalContext context{.request_body = situation.request_body, .now = situation.now};
    context.id = "backstop-00000000-0000-4000-8000-000000000000";  // a new one each time
    if (limit) context.limit = &*limit;
    return answer(rules, substitute, context);
}

void note_standing(Explanation& out, const Standing& standing, Moment now) {
    if (const Duration open = standing.breaker.open_for(now.steady); open > Duration::zero())
        out.breaker_open = open;
    standing.for_each([&](const std::string& scope, const LimitStanding& each) {
        if (const auto state = each.limits.state(now)) out.limits.push_back({scope, *state});
    });
    if (standing.quota.last()) out.quota = standing.quota.last()->remaining;
    out.clock_offset = standing.clock.offset();
}

}  // namespace

Explanation explain(const Rules& rules, const Situation& situation) {
    const Dialect& dialect = *rules.dialect;
    const Moment now = situation.now;
    Explanation out;
    out.route = find_route(rules.routes, dialect.base_path, situation.method, situation.target);
    if (out.route == nullptr) out.route = &rules.other;

    std::optional<std::string_view> body;
    if (situation.body_kept) body = situation.request_body;
    constexpr std::array<std::uint8_t, 16> any{};  // the key's value tells nothing
    // A header that the API does not know is no key.
    const bool client_key = situation.client_key && !dialect.key_header.empty();
    out.key = choose_key(rules, *out.route, client_key, body, any).source;
    out.key_honoured = out.route->keyed;

    Standing standing(rules);
    const Request request{
        .method = situation.method,
        .key = out.key,
        .body_kept = situation.body_kept,
        .timeout_wish = situation.timeout_wish,
        .attempts_wish = situation.attempts_wish,
        .earlier = {situation.attempt - 1, situation.earlier_unknown}};
    const auto begun = [&](Duration passed) {
        return Moment{now.steady - passed, now.wall - passed};
    };
    const auto roll = [&] { return situation.roll; };
    // Only a Plan knows how much time there is in all.
    const Duration most =
        Plan(rules, *out.route, standing, request, now, roll).deadline() - now.steady;
    out.left = std::min(situation.left.value_or(most), most);
    Plan plan(rules, *out.route, standing, request, begun(most - out.left), roll);
    plan.start(now);
    out.step = plan.after(situation.outcome, now);
    out.record = plan.record();
    out.attempts = plan.attempts_allowed();

    out.meaning = classify(dialect, situation.outcome, standing.clock, now);
    out.counts_against_breaker = counts_against_breaker(situation.outcome, out.meaning.verdict);
    if (const auto* head = std::get_if<ResponseHead>(&situation.outcome)) {
        out.rules = look_at_rules(dialect, *head, out.meaning.error_code);
        if (may_pass(out.meaning.verdict))
            out.delays = look_at_delays(dialect, *head, standing.clock, now);
    }
    if (const auto* ours = std::get_if<Substitute>(&out.step))
        out.answer = local_answer(rules, *ours, situation, plan);
    if (plan.gate().closed(now.steady)) out.gate_closed = plan.gate().until() - now.steady;
    note_standing(out, standing, now);
    return out;
}

}  // namespace backstop::policy
