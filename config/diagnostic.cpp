#include "config/diagnostic.hpp"

#include <algorithm>

namespace backstop::config {
namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of two neighbours.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before(right.size() + 1);
    std::vector<std::size_t> last(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[right.size()];
}

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
    std::string text = diagnostic.file;
    if (diagnostic.line > 0)
        text += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
    if (!text.empty()) text += ": ";
    text += diagnostic.severity == Diagnostic::Severity::error ? "error: " : "warning: ";
    if (!diagnostic.path.empty()) text += diagnostic.path + ": ";
    return text + diagnostic.message;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    constexpr std::size_t longest_word =
        64;  // nobody mistypes more than that, and it bounds the work
    if (word.size() > longest_word) return {};
    std::size_t smallest = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::string_view found;
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance >= smallest || distance >= candidate.size()) continue;
        smallest = distance;
        found = candidate;
    }
    return found;
}

}  // namespace backstop::config
