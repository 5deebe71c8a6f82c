#pragma once

// Reads a JSON object whose fields are known beforehand, and names the field that is wrong: a test
// that misspells a fault must not pass because the fault was quietly ignored.

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

class BadInput : public std::runtime_error {
public:
    BadInput(std::string field, const std::string& message)
        : std::runtime_error(field.empty() ? message : field + ": " + message),
          field_(std::move(field)) {}

    const std::string& field() const { return field_; }

private:
    std::string field_;
};

// Each getter leaves `out` alone and answers false where the field is missing.
class JsonReader {
public:
    JsonReader(const boost::json::object& object, std::string prefix = {});

    bool text(std::string_view name, std::string& out);
    bool text_or_json(std::string_view name, std::string& out);
    bool flag(std::string_view name, bool& out);
    bool whole(std::string_view name, std::int64_t& out, std::int64_t min, std::int64_t max);
    bool real(std::string_view name, double& out, double min, double max);
    const boost::json::value* any(std::string_view name);

    template <typename Enum>
    bool choice(
        std::string_view name,
        Enum& out,
        std::initializer_list<std::pair<std::string_view, Enum>> words
    ) {
        std::string word;
        if (!text(name, word)) return false;
        std::vector<std::string_view> known;
        for (const auto& [known_word, value] : words) {
            if (known_word == word) {
                out = value;
                return true;
            }
            known.push_back(known_word);
        }
        refuse_word(name, word, known);
    }

    // Throws where a field was not asked for: it is unknown.
    void done() const;

    [[noreturn]] void refuse(std::string_view name, const std::string& message) const;

private:
    [[noreturn]] void refuse_word(
        std::string_view name, std::string_view word, const std::vector<std::string_view>& known
    ) const;

    const boost::json::object& object_;
    std::string prefix_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace simulator
