#include "config/diagnostic.hpp"

#include "config/report.hpp"

#include <gtest/gtest.h>

namespace backstop::config {
namespace {

TEST(Diagnostic, IsOneLineThatEditorsUnderstand) {
    Diagnostic diagnostic{.file = "backstop.toml", .message = "nothing to forward to"};
    EXPECT_EQ(to_string(diagnostic), "backstop.toml: error: nothing to forward to");
    diagnostic.line = 14;
    diagnostic.column = 3;
    diagnostic.path = "log.levl";
    diagnostic.severity = Diagnostic::Severity::warning;
    EXPECT_EQ(
        to_string(diagnostic), "backstop.toml:14:3: warning: log.levl: nothing to forward to"
    );
}

TEST(Nearest, FindsWhatWasMeant) {
    const std::vector<std::string_view> words{"attempts", "backoff", "budget", "ca_file", "on"};
    struct Row {
        const char* word;
        const char* found;
    };
    const Row rows[] = {
        {"atempts", "attempts"},
        {"attemps", "attempts"},
        {"attmpt", "attempts"},
        {"attempst", "attempts"},  // two neighbours swapped
        {"Attempts", "attempts"},
        {"back_off", "backoff"},
        {"bugdet", "budget"},
        {"cafile", "ca_file"},
        {"deadline", ""},
        {"x", ""},
        {"", ""},
    };
    for (const Row& row : rows)
        EXPECT_EQ(nearest(row.word, words), row.found) << row.word;
    EXPECT_EQ(nearest("atempts", {}), "");
    EXPECT_EQ(nearest(std::string(100000, 'a'), words), "");
}

TEST(Report, GoesByPlaceWithOtherFilesLast) {
    Report report("main.toml");
    report.warning({7, 1}, "b", "second");
    report.add({Diagnostic{.file = "dialect.toml", .line = 1, .message = "third"}});
    report.error({2, 5}, "a", "first");
    report.error({2, 5}, "a", "first");
    std::string order;
    for (const Diagnostic& found : report.sorted())
        order += found.message + " ";
    EXPECT_EQ(order, "first second third ");
    EXPECT_TRUE(report.failed());
}

TEST(Report, DoesNotFailForWarnings) {
    Report report("main.toml");
    report.warning({1, 1}, "a", "careful");
    EXPECT_FALSE(report.failed());
}

}  // namespace
}  // namespace backstop::config
