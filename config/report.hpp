// Where the findings about one file come together.
#pragma once

#include "config/diagnostic.hpp"
#include "config/document.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

class Report {
public:
    explicit Report(std::string file) : file_(std::move(file)) {}

    void error(Position at, std::string path, std::string message);
    void warning(Position at, std::string path, std::string message);
    void add(std::vector<Diagnostic> diagnostics);  // of another file, such as a dialect

    bool failed() const;                       // is one of them an error?
    bool failed(std::string_view path) const;  // one about this key?
    // This file's by place, then the other files'; each once.
    std::vector<Diagnostic> sorted() const;

private:
    std::string file_;
    std::vector<Diagnostic> diagnostics_{};
};

}  // namespace backstop::config
