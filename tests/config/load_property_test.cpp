// Whatever a file holds: loading it never throws, and gives a config or at least one error.
#include "config/dialects.hpp"
#include "config/load.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace backstop::config {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> samples() {
    std::vector<std::string> texts;
    for (const fs::directory_entry& entry : fs::directory_iterator(GOLDEN_FOLDER)) {
        if (entry.path().extension() != ".toml") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    for (const BuiltinDialect& builtin : builtin_dialects())
        texts.emplace_back(builtin.toml);
    return texts;
}

// What mistakes are made of: pieces of other files, and what is special in TOML, JSON and here.
rc::Gen<std::string> piece(const std::vector<std::string>& texts) {
    static const std::vector<std::string> special{
        "\"",
        "'",
        "'''",
        "[[",
        "]]",
        "{",
        "}",
        "\n",
        "=",
        ".",
        "#",
        "\\u0000",
        "${",
        "}",
        "${A:-}",
        "{{now}}",
        "-1",
        "nan",
        "inf",
        "1e999",
        "99999999999999999999",
        "true",
        "[]",
        "{}",
        "\"\"",
        "[[upstream]]\n",
        "[upstream.retry]\n",
        "\xff",
        "\xef\xbb\xbf",
        "https://",
        "unix:",
        "~",
        "/",
        "1979-05-27",
        "{rest...}",
        "**",
        "name = \"\"\n",
        "\t",
        "\r",
        std::string(1, '\0'),
    };
    return rc::gen::oneOf(
        rc::gen::elementOf(special), rc::gen::exec([&texts] {
            const std::string& text = *rc::gen::elementOf(texts);
            if (text.empty()) return std::string();
            const auto size = static_cast<int>(text.size());
            const int begin = *rc::gen::inRange(0, size);
            const int length = *rc::gen::inRange(0, 40);
            return text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(length));
        })
    );
}

std::string mutated(const std::vector<std::string>& texts) {
    std::string text = *rc::gen::elementOf(texts);
    const int changes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < changes; ++i) {
        const int size = static_cast<int>(text.size());
        const auto at = static_cast<std::size_t>(*rc::gen::inRange(0, size + 1));
        const auto removed = static_cast<std::size_t>(*rc::gen::inRange(0, 12));
        text.replace(at, std::min(removed, text.size() - at), *piece(texts));
    }
    return text;
}

bool has_error(const std::vector<Diagnostic>& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& found) {
        return found.severity == Diagnostic::Severity::error;
    });
}

Surroundings surroundings(const std::string& file) {
    return {
        .environment = [](const std::string& name) -> std::optional<std::string> {
            if (name.size() % 2 == 0) return std::nullopt;
            return "5";
        },
        .read_file = [file](const std::string&) { return file; },
    };
}

TEST(LoadProperty, SurvivesAnyText) {
    const std::vector<std::string> texts = samples();
    const bool held = rc::check("a config, or an error, never an exception", [&] {
        const std::string text = mutated(texts);
        const Surroundings around = surroundings(mutated(texts));
        const Loaded result = load(text, "mutated.toml", around);
        RC_ASSERT(result.config.has_value() != has_error(result.diagnostics));
        if (!result.config) return;
        const std::string printed = effective(*result.config);
        const Loaded again = load(printed, "again.toml", around);
        RC_LOG() << printed;
        RC_ASSERT(again.config.has_value());
        RC_ASSERT(effective(*again.config) == printed);
    });
    EXPECT_TRUE(held);
}

TEST(LoadProperty, SurvivesAnyDialect) {
    const std::vector<std::string> texts = samples();
    const bool held = rc::check("a dialect, or an error, never an exception", [&] {
        const LoadedDialect result = load_dialect(mutated(texts), "mutated.toml");
        RC_ASSERT((result.dialect != nullptr) != has_error(result.diagnostics));
    });
    EXPECT_TRUE(held);
}

TEST(LoadProperty, SurvivesEveryBeginningOfAFile) {
    for (const std::string& text : samples())
        for (std::size_t length = 0; length < text.size(); length += 1 + text.size() / 40) {
            const Loaded result = load(text.substr(0, length), "cut.toml", surroundings(text));
            ASSERT_NE(result.config.has_value(), has_error(result.diagnostics));
        }
}

TEST(LoadProperty, SurvivesDeepNesting) {
    const std::string deep = "a = " + std::string(100'000, '[');
    EXPECT_TRUE(has_error(load(deep, "deep.toml", {}).diagnostics));
    std::string keys = "a";
    for (int i = 0; i < 20'000; ++i)
        keys += ".a";
    EXPECT_TRUE(has_error(load(keys + " = 1", "deep.toml", {}).diagnostics));
}

}  // namespace
}  // namespace backstop::config
