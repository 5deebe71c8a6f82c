#include "policy/record.hpp"

#include "policy/words.hpp"

#include <array>

namespace backstop::policy {
namespace {

constexpr auto resolutions = std::to_array<Word<Record::Ambiguous>>({
    {Record::Ambiguous::none, "none"},
    {Record::Ambiguous::retried, "retried"},
    {Record::Ambiguous::resolved, "resolved"},
    {Record::Ambiguous::unknown, "unknown"},
});

}  // namespace

std::string_view word(Record::Ambiguous ambiguous) {
    return word_in(resolutions, ambiguous);
}

int Record::counted_attempts() const {
    return attempts.empty() ? 0 : attempts.back().number;
}

}  // namespace backstop::policy
