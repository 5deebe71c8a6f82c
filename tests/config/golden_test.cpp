// Every file of golden/ is loaded; what comes of it, every diagnostic and the effective config if
// there is one, is what stands beside it in NAME.expected. To take over a change after reading it:
//
//   BACKSTOP_GOLDEN=update build/debug/tests/config/config_test --gtest_filter='*Golden*'
#include "config/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

namespace backstop::config {
namespace {

namespace fs = std::filesystem;

const fs::path golden_folder = GOLDEN_FOLDER;

std::optional<std::string> read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// What the files may refer to. TOKEN must never be seen in any .expected.
Surroundings surroundings() {
    static const std::map<std::string, std::string> variables{
        {"TOKEN", "s3cr3t-t0k3n"},
        {"PORT", "8443"},
        {"ATTEMPTS", "5"},
        {"EMPTY", ""},
        {"PACE", "false"},
    };
    return {
        .environment = [](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end()) return std::nullopt;
            return found->second;
        },
        .read_file = [](const std::string& path) { return read_text(golden_folder / path); },
    };
}

std::string outcome(const std::string& text, const std::string& name) {
    const Loaded loaded = load(text, name, surroundings());
    std::string result;
    for (const Diagnostic& diagnostic : loaded.diagnostics)
        result += to_string(diagnostic) + "\n";
    if (loaded.config) result += (result.empty() ? "" : "\n") + effective(*loaded.config);
    return result;
}

std::vector<fs::path> golden_files() {
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(golden_folder))
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

bool updating() {
    const char* const wish = std::getenv("BACKSTOP_GOLDEN");
    return wish && std::string_view(wish) == "update";
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, SaysWhatIsExpected) {
    const std::string actual = outcome(*read_text(GetParam()), GetParam().filename().string());
    const fs::path expected_path = fs::path(GetParam()).replace_extension(".expected");
    if (updating()) std::ofstream(expected_path, std::ios::binary) << actual;
    const std::optional<std::string> expected = read_text(expected_path);
    ASSERT_TRUE(expected) << "missing: " << expected_path;
    EXPECT_EQ(actual, *expected);
}

TEST_P(Golden, NeverShowsWhatCameFromTheEnvironment) {
    const std::string actual = outcome(*read_text(GetParam()), GetParam().filename().string());
    EXPECT_EQ(actual.find("s3cr3t"), std::string::npos) << actual;
    EXPECT_EQ(actual.find("hunter2"), std::string::npos) << actual;  // a password in the files
}

TEST_P(Golden, LoadsItsEffectiveConfigToTheSameValues) {
    const std::string text = *read_text(GetParam());
    const Loaded loaded = load(text, "first", surroundings());
    if (!loaded.config) return;  // a bad file: nothing is in force
    const std::string printed = effective(*loaded.config);
    const Loaded again = load(printed, "again", surroundings());
    ASSERT_TRUE(again.config) << to_string(again.diagnostics.at(0)) << "\n" << printed;
    EXPECT_EQ(effective(*again.config), printed);
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    Golden,
    testing::ValuesIn(golden_files()),
    [](const testing::TestParamInfo<fs::path>& file) { return file.param.stem().string(); }
);

TEST(GoldenFolder, HasNoExpectationWithoutAFile) {
    for (const fs::directory_entry& entry : fs::directory_iterator(golden_folder)) {
        if (entry.path().extension() != ".expected") continue;
        EXPECT_TRUE(fs::exists(fs::path(entry.path()).replace_extension(".toml"))) << entry.path();
    }
}

}  // namespace
}  // namespace backstop::config
