#include "proxy/redact.hpp"

#include <gtest/gtest.h>

#include <string>

namespace backstop::proxy {
namespace {

TEST(CleanCode, KeepsCodesAndHidesWhatCouldBeAPhoneNumber) {
    const struct {
        const char* name;
        std::string code;
        std::string expected;
    } rows[] = {
        {"a code", "quota_exceeded", "quota_exceeded"},
        {"a reason phrase", "Too Many Requests", "Too Many Requests"},
        {"a number", "21211", "21211"},
        {"a code with a date-like number", "E-2024-17", "E-2024-17"},
        {"a phone number", "+14155550123", "_###########"},
        {"in a sentence", "no route to 14155550123!", "no route to ###########_"},
        {"with separators", "call (415) 555-0123 now", "call (###) ###-#### now"},
        {"with double separators", "(415)-555-0123", "(###)-###-####"},
        {"two short numbers", "1234 or 5678", "1234 or 5678"},
        {"quotes and line breaks", "a\"b\\c\nd", "a_b_c_d"},
        {"not ASCII", "caf\xc3\xa9", "caf__"},
        {"too long", std::string(100, 'x'), std::string(64, 'x')},
        {"cut within a number",
         std::string(60, 'x') + "14155550123",
         std::string(60, 'x') + "1415"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        std::string out = "before ";
        append_clean_code(out, row.code);
        EXPECT_EQ(out, "before " + row.expected);
    }
}

TEST(CleanId, KeepsIdsAndHidesWhatCouldBeAPhoneNumber) {
    const struct {
        const char* name;
        std::string id;
        std::string expected;
    } rows[] = {
        {"a UUID", "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"},
        {"a word and a number", "req_1234567890", "req_1234567890"},
        {"a short number", "123456", "123456"},
        {"a long number", "12345678901234567890", "12345678901234567890"},
        {"a number like a phone's", "14155550123", "###########"},
        {"the same, written out", "1-415-555-0123", "#-###-###-####"},
        {"a phone number after a prefix", "call+14155550123", "call_###########"},
        {"spaces and brackets", "a b(c)", "a_b_c_"},
        {"too long", std::string(200, 'x'), std::string(128, 'x')},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        std::string out;
        append_clean_id(out, row.id);
        EXPECT_EQ(out, row.expected);
    }
}

TEST(TraceId, IsTakenFromAValidTraceparentOnly) {
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const std::string valid = "00-" + trace + "-00f067aa0ba902b7-01";
    const struct {
        const char* name;
        std::string field;
        std::string expected;
    } rows[] = {
        {"valid", valid, trace},
        {"not sampled", "00-" + trace + "-00f067aa0ba902b7-00", trace},
        {"a later version", "01-" + trace + "-00f067aa0ba902b7-01", trace},
        {"a later version with more", "01-" + trace + "-00f067aa0ba902b7-01-more", trace},
        {"empty", "", ""},
        {"version ff", "ff-" + trace + "-00f067aa0ba902b7-01", ""},
        {"version 00 with more", valid + "-more", ""},
        {"a later version with more, not set off", "01-" + trace + "-00f067aa0ba902b7-01more", ""},
        {"upper case", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", ""},
        {"no trace", "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01", ""},
        {"no parent", "00-" + trace + "-0000000000000000-01", ""},
        {"too short", valid.substr(0, 54), ""},
        {"not hexadecimal", "00-" + trace.substr(1) + "g-00f067aa0ba902b7-01", ""},
        {"other separators", "00_" + trace + "-00f067aa0ba902b7-01", ""},
        {"flags not hexadecimal", "00-" + trace + "-00f067aa0ba902b7-0x", ""},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(trace_id(row.field), row.expected);
    }
}

}  // namespace
}  // namespace backstop::proxy
