// The words that label metrics and name things in log lines, and the closed lists that keep label
// sets bounded: a method or a status that is not on its list is `other`.
#pragma once

#include "policy/circuit_breaker.hpp"
#include "policy/gate.hpp"
#include "policy/message.hpp"
#include "policy/record.hpp"
#include "policy/verdict.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backstop::proxy {

// For arrays with a place for each value of an enum: all enums here count from 0.
template <typename Enum>
constexpr std::size_t place(Enum value) {
    return static_cast<std::size_t>(value);
}

// The values of an enum from the first to `last`.
template <typename Enum, Enum last>
constexpr auto values_to() {
    std::array<Enum, place(last) + 1> values{};
    for (std::size_t i = 0; i < values.size(); ++i)
        values.at(i) = static_cast<Enum>(i);
    return values;
}

inline constexpr auto all_denied = values_to<policy::Denied, policy::Denied::draining>();
inline constexpr auto all_failures =
    values_to<policy::FailureKind, policy::FailureKind::malformed>();
inline constexpr auto all_ambiguous =
    values_to<policy::Record::Ambiguous, policy::Record::Ambiguous::unknown>();
inline constexpr auto all_breaker_states =
    values_to<policy::CircuitBreaker::State, policy::CircuitBreaker::State::half_open>();
inline constexpr auto all_stages = values_to<policy::Stage, policy::Stage::receive_body>();

// The method as a label: one of the methods of RFC 9110 and 5789, or "other". A client can invent
// methods without end.
enum class MethodLabel : std::uint8_t {
    get,
    head,
    post,
    put,
    patch,
    del,
    options,
    other,
};
MethodLabel method_label(std::string_view method);
std::string_view word(MethodLabel method);

// The status as a label: itself if it is registered with IANA or widely used, 0 for "none", and
// `other_code` for whatever else an upstream may say.
inline constexpr int other_code = 1;
int code_label(int status);
// Written into `room`, or a literal.
std::string_view word_of_code(int label, std::array<char, 4>& room);

// Label `event` of backstop_idempotency_events_total.
enum class IdempotencyEvent : std::uint8_t {
    minted,
    derived,
    passed,
    replayed,
    joined,
    mismatch,
};
std::string_view word(IdempotencyEvent event);
inline constexpr auto all_events = values_to<IdempotencyEvent, IdempotencyEvent::mismatch>();

std::string_view word(policy::Stage stage);
std::string_view word(policy::Gate::Kind kind);
std::string_view word(policy::CircuitBreaker::State state);

}  // namespace backstop::proxy
