#include "proxy/metric_labels.hpp"

#include "policy/words.hpp"

#include <algorithm>
#include <charconv>

namespace backstop::proxy {
namespace {

using policy::Word;

constexpr auto methods = std::to_array<Word<MethodLabel>>({
    {MethodLabel::get, "GET"},
    {MethodLabel::head, "HEAD"},
    {MethodLabel::post, "POST"},
    {MethodLabel::put, "PUT"},
    {MethodLabel::patch, "PATCH"},
    {MethodLabel::del, "DELETE"},
    {MethodLabel::options, "OPTIONS"},
    {MethodLabel::other, "other"},
});

constexpr auto events = std::to_array<Word<IdempotencyEvent>>({
    {IdempotencyEvent::minted, "minted"},
    {IdempotencyEvent::derived, "derived"},
    {IdempotencyEvent::passed, "passed"},
    {IdempotencyEvent::replayed, "replayed"},
    {IdempotencyEvent::joined, "joined"},
    {IdempotencyEvent::mismatch, "mismatch"},
});

constexpr auto stages = std::to_array<Word<policy::Stage>>({
    {policy::Stage::resolve, "resolve"},
    {policy::Stage::connect, "connect"},
    {policy::Stage::handshake, "handshake"},
    {policy::Stage::send, "send"},
    {policy::Stage::await_head, "await_head"},
    {policy::Stage::receive_body, "receive_body"},
});

constexpr auto gate_kinds = std::to_array<Word<policy::Gate::Kind>>({
    {policy::Gate::Kind::rate, "rate"},
    {policy::Gate::Kind::concurrency, "concurrency"},
});

constexpr auto breaker_states = std::to_array<Word<policy::CircuitBreaker::State>>({
    {policy::CircuitBreaker::State::closed, "closed"},
    {policy::CircuitBreaker::State::open, "open"},
    {policy::CircuitBreaker::State::half_open, "half_open"},
});

// Registered with IANA, and in wide use: 420 and 440 to 460 of gateways, 499 ours, 520 to 530 of
// content delivery networks, 529 "overloaded", 561, 598 and 599 of proxies. Sorted.
constexpr auto codes = std::to_array<int>({
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302,
    303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411,
    412, 413, 414, 415, 416, 417, 418, 420, 421, 422, 423, 424, 425, 426, 428, 429, 431,
    440, 444, 449, 451, 460, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510,
    511, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 561, 598, 599,
});

}  // namespace

MethodLabel method_label(std::string_view method) {
    return policy::value_in(methods, method).value_or(MethodLabel::other);
}

std::string_view word(MethodLabel method) {
    return policy::word_in(methods, method);
}

int code_label(int status) {
    if (status == 0) return 0;
    return std::ranges::binary_search(codes, status) ? status : other_code;
}

std::string_view word_of_code(int label, std::array<char, 4>& room) {
    if (label == 0) return "none";
    if (label == other_code) return "other";
    const auto end = std::to_chars(room.data(), room.data() + room.size(), label).ptr;
    return {room.data(), static_cast<std::size_t>(end - room.data())};
}

std::string_view word(IdempotencyEvent event) {
    return policy::word_in(events, event);
}

std::string_view word(policy::Stage stage) {
    return policy::word_in(stages, stage);
}

std::string_view word(policy::Gate::Kind kind) {
    return policy::word_in(gate_kinds, kind);
}

std::string_view word(policy::CircuitBreaker::State state) {
    return policy::word_in(breaker_states, state);
}

}  // namespace backstop::proxy
