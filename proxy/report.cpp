#include "proxy/report.hpp"

#include "policy/words.hpp"

#include <array>

namespace backstop::proxy {
namespace {

using policy::Word;

constexpr auto outcomes = std::to_array<Word<Outcome>>({
    {Outcome::ok, "ok"},
    {Outcome::client_error, "client_error"},
    {Outcome::upstream_error, "upstream_error"},
    {Outcome::degraded, "degraded"},
    {Outcome::local_error, "local_error"},
    {Outcome::replayed, "replayed"},
    {Outcome::aborted, "aborted"},
});

constexpr auto twins = std::to_array<Word<Twin>>({
    {Twin::none, "none"},
    {Twin::replayed, "replayed"},
    {Twin::joined, "joined"},
    {Twin::mismatch, "mismatch"},
});

}  // namespace

std::string_view word(Outcome outcome) {
    return policy::word_in(outcomes, outcome);
}

std::string_view word(Twin twin) {
    return policy::word_in(twins, twin);
}

}  // namespace backstop::proxy
