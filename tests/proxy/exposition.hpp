// Prometheus' text format 0.0.4, read back: as strictly as a test needs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::test {

using Labels = std::map<std::string, std::string>;

struct Sample {
    std::string name{};  // with _bucket, _sum or _count where it is of a histogram
    Labels labels{};
    double value = 0;
};

struct Exposition {
    std::map<std::string, std::string> help{};  // by family
    std::map<std::string, std::string> type{};
    std::vector<Sample> samples{};

    std::optional<double> value(std::string_view name, const Labels& labels) const;
    // How many series the family has (of a histogram: how many histograms).
    std::size_t count(std::string_view family) const;
};

// Throws std::runtime_error at a line that it cannot read, a sample without a family, or a series
// that comes twice.
Exposition parse_exposition(std::string_view text);

// The family of a sample: without the suffix of a histogram's parts.
std::string family_of(const Exposition& exposition, std::string_view sample);

}  // namespace backstop::test
