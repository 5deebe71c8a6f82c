#include "config/report.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace backstop::config {

void Report::error(Position at, std::string path, std::string message) {
    diagnostics_.push_back(
        {Diagnostic::Severity::error,
         file_,
         at.line,
         at.column,
         std::move(path),
         std::move(message)}
    );
}

void Report::warning(Position at, std::string path, std::string message) {
    diagnostics_.push_back(
        {Diagnostic::Severity::warning,
         file_,
         at.line,
         at.column,
         std::move(path),
         std::move(message)}
    );
}

void Report::add(std::vector<Diagnostic> diagnostics) {
    std::move(diagnostics.begin(), diagnostics.end(), std::back_inserter(diagnostics_));
}

bool Report::failed() const {
    return std::any_of(diagnostics_.begin(), diagnostics_.end(), [](const Diagnostic& found) {
        return found.severity == Diagnostic::Severity::error;
    });
}

bool Report::failed(std::string_view path) const {
    return std::any_of(diagnostics_.begin(), diagnostics_.end(), [&](const Diagnostic& found) {
        return found.severity == Diagnostic::Severity::error && found.path == path;
    });
}

std::vector<Diagnostic> Report::sorted() const {
    std::vector<Diagnostic> result;
    for (const Diagnostic& found : diagnostics_)
        if (std::find(result.begin(), result.end(), found) == result.end()) result.push_back(found);
    std::stable_sort(
        result.begin(),
        result.end(),
        [this](const Diagnostic& left, const Diagnostic& right) {
            const bool left_foreign = left.file != file_;
            const bool right_foreign = right.file != file_;
            return std::tie(left_foreign, left.file, left.line, left.column) <
                   std::tie(right_foreign, right.file, right.line, right.column);
        }
    );
    return result;
}

}  // namespace backstop::config
