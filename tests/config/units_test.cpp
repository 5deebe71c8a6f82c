#include "config/units.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;
using policy::Duration;

TEST(Units, ReadDurations) {
    struct Row {
        const char* text;
        std::optional<Duration> value;
    };
    const Row rows[] = {
        {"250ms", 250ms},
        {"10s", 10s},
        {"5m", 5min},
        {"24h", 24h},
        {"1.5s", 1500ms},
        {"0.25ms", 250us},
        {"1m30s", 90s},
        {"1h30m15s", 90min + 15s},
        {"0", 0s},
        {"0s", 0s},
        {"10s500ms", 10500ms},
        {"", std::nullopt},
        {"10", std::nullopt},
        {"s", std::nullopt},
        {"10 s", std::nullopt},
        {" 10s", std::nullopt},
        {"10S", std::nullopt},
        {"10sec", std::nullopt},
        {"10d", std::nullopt},
        {"-10s", std::nullopt},
        {"+10s", std::nullopt},
        {".5s", std::nullopt},
        {"1.2.3s", std::nullopt},
        {"1e3s", std::nullopt},
        {"infs", std::nullopt},
        {"nans", std::nullopt},
        {"87600h", 87600h},
        {"87601h", std::nullopt},
        {"999999999999999999999h", std::nullopt},
    };
    for (const Row& row : rows)
        EXPECT_EQ(parse_duration(row.text), row.value) << "'" << row.text << "'";
}

TEST(Units, PrintDurationsAsPeopleWriteThem) {
    struct Row {
        Duration value;
        const char* text;
    };
    const Row rows[] = {
        {0s, "0s"},
        {1ms, "1ms"},
        {1500ms, "1500ms"},
        {1s, "1s"},
        {60s, "60s"},
        {75s, "75s"},
        {90s, "90s"},
        {2min, "2m"},
        {5min, "5m"},
        {1h, "60m"},
        {24h, "24h"},
        {250us, "0.25ms"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(print_duration(row.value), row.text);
}

RC_GTEST_PROP(Units, ReadBackTheDurationsThatTheyPrint, ()) {
    const Duration value = std::chrono::microseconds(*rc::gen::inRange<long>(0, 100'000'000'000));
    RC_ASSERT(parse_duration(print_duration(value)) == value);
}

TEST(Units, ReadSizes) {
    struct Row {
        const char* text;
        std::optional<std::size_t> value;
    };
    const Row rows[] = {
        {"0", 0U},
        {"0B", 0U},
        {"512B", 512U},
        {"64KiB", 65536U},
        {"1MiB", 1048576U},
        {"2GiB", 2147483648U},
        {"", std::nullopt},
        {"64", std::nullopt},
        {"KiB", std::nullopt},
        {"64 KiB", std::nullopt},
        {"64kib", std::nullopt},
        {"64KB", std::nullopt},
        {"64K", std::nullopt},
        {"1.5MiB", std::nullopt},
        {"-1B", std::nullopt},
        {"18446744073709551615B", 18446744073709551615U},
        {"18446744073709551616B", std::nullopt},
        {"17179869184GiB", std::nullopt},
    };
    for (const Row& row : rows)
        EXPECT_EQ(parse_size(row.text), row.value) << "'" << row.text << "'";
}

RC_GTEST_PROP(Units, ReadBackTheSizesThatTheyPrint, (std::size_t bytes)) {
    RC_ASSERT(parse_size(print_size(bytes)) == bytes);
}

TEST(Units, PrintSizesInTheLargestUnitThatFits) {
    EXPECT_EQ(print_size(0), "0");
    EXPECT_EQ(print_size(1000), "1000B");
    EXPECT_EQ(print_size(65536), "64KiB");
    EXPECT_EQ(print_size(1536 * 1024), "1536KiB");
    EXPECT_EQ(print_size(std::size_t{16} << 20U), "16MiB");
}

}  // namespace
}  // namespace backstop::config
