#include "policy/idempotency_key.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace backstop::policy {
namespace {

constexpr std::array<std::uint8_t, 16> zeros{};
constexpr std::string_view body = R"({"call_id": "call_12345", "identity_hints": {"ani": "+1"}})";

Dialect dialect() {
    Dialect out;
    out.key_header = "X-Idempotency-Key";
    return out;
}

Rules rules(bool derive = false) {
    Rules out;
    out.upstream = "sticky-calls";
    out.dialect = std::make_shared<const Dialect>(dialect());
    out.derive_keys = derive;
    return out;
}

Route route() {
    Route out;
    out.method = "POST";
    out.path = PathTemplate::parse("/v1/calls/start");
    out.label = "/v1/calls/start";
    out.keyed = true;
    out.natural_id = "/call_id";
    return out;
}

TEST(ChooseKey, MintsAUuidFromTheRandomBytes) {
    const Key key = choose_key(rules(), route(), false, body, zeros);
    EXPECT_EQ(key.source, KeySource::minted);
    EXPECT_EQ(key.value, "00000000-0000-4000-8000-000000000000");
    std::array<std::uint8_t, 16> ones{};
    ones.fill(0xFF);
    EXPECT_EQ(
        choose_key(rules(), route(), false, body, ones).value,
        "ffffffff-ffff-4fff-bfff-ffffffffffff"
    );
}

TEST(ChooseKey, LeavesTheClientsOwnKey) {
    for (const bool derive : {false, true}) {
        const Key key = choose_key(rules(derive), route(), true, body, zeros);
        EXPECT_EQ(key.source, KeySource::passed);
        EXPECT_EQ(key.value, "");
    }
}

TEST(ChooseKey, AddsNoneWhereTheApiHonoursNone) {
    Route unkeyed = route();
    unkeyed.keyed = false;
    EXPECT_EQ(choose_key(rules(), unkeyed, false, body, zeros).source, KeySource::none);

    Rules no_header = rules();
    no_header.dialect = std::make_shared<const Dialect>();
    EXPECT_EQ(choose_key(no_header, route(), false, body, zeros).source, KeySource::none);

    Rules off = rules();
    off.keys = false;
    EXPECT_EQ(choose_key(off, route(), false, body, zeros).source, KeySource::none);

    Rules observing = rules();
    observing.mode = Mode::observe;
    EXPECT_EQ(choose_key(observing, route(), false, body, zeros).source, KeySource::none);
}

// Computed by other means (RFC 9562 5.5), and fixed for good: another version, or another pod, has
// to derive the same.
TEST(ChooseKey, DerivesTheSameKeyFromTheSameRequest) {
    const Key key = choose_key(rules(true), route(), false, body, zeros);
    EXPECT_EQ(key.source, KeySource::derived);
    EXPECT_EQ(key.value, "2666bc86-7640-57b0-846e-b64b00686154");
    std::array<std::uint8_t, 16> other_random{};
    other_random.fill(7);
    EXPECT_EQ(choose_key(rules(true), route(), false, body, other_random).value, key.value);
    EXPECT_EQ(key.value.at(14), '5');
    EXPECT_NE(std::string("89ab").find(key.value.at(19)), std::string::npos);
}

TEST(ChooseKey, DerivesAnotherKeyFromAnotherRequest) {
    const std::string key = choose_key(rules(true), route(), false, body, zeros).value;
    const std::string spaced = std::string(body) + " ";
    EXPECT_NE(choose_key(rules(true), route(), false, spaced, zeros).value, key);

    Rules other_upstream = rules(true);
    other_upstream.upstream = "sticky-calls-2";
    EXPECT_NE(choose_key(other_upstream, route(), false, body, zeros).value, key);

    Route end = route();
    end.path = PathTemplate::parse("/v1/calls/end");
    EXPECT_NE(choose_key(rules(true), end, false, body, zeros).value, key);

    Route put = route();
    put.method = "PUT";
    EXPECT_NE(choose_key(rules(true), put, false, body, zeros).value, key);
}

TEST(ChooseKey, DerivesFromIdsThatAreNumbers) {
    EXPECT_EQ(
        choose_key(rules(true), route(), false, R"({"call_id": 7})", zeros).source,
        KeySource::derived
    );
}

TEST(ChooseKey, MintsWhereTheBodyHasNoNaturalId) {
    for (const std::string_view without :
         {"",
          "{}",
          "no json",
          R"({"call_id": ""})",
          R"({"call_id": null})",
          R"({"call_id": true})",
          R"({"call_id": {"a": 1}})",
          R"({"call_id": ["a"]})",
          R"(["call_id"])"})
        EXPECT_EQ(choose_key(rules(true), route(), false, without, zeros).source, KeySource::minted)
            << without;
    EXPECT_EQ(
        choose_key(rules(true), route(), false, std::nullopt, zeros).source, KeySource::minted
    );
}

TEST(ChooseKey, MintsForABodyOfMoreThanOneMebibyte) {
    const auto of_size = [](std::size_t size) {
        std::string out = R"({"call_id": "a"})";
        return out + std::string(size - out.size(), ' ');
    };
    EXPECT_EQ(
        choose_key(rules(true), route(), false, of_size(1 << 20), zeros).source, KeySource::derived
    );
    EXPECT_EQ(
        choose_key(rules(true), route(), false, of_size((1 << 20) + 1), zeros).source,
        KeySource::minted
    );
}

TEST(IsKey, IsTrueOfWhatNamesSomething) {
    for (const std::string_view key : {"k", " k", "\"k\"", "a,b", "-", "0", "\xc3\xa9"})
        EXPECT_TRUE(is_key(key)) << key;
    for (const std::string_view none : {"", " ", "\t ", ",", ", ,", "\"\"", " \"\" "})
        EXPECT_FALSE(is_key(none)) << none;
}

TEST(NeedsWholeBody, IsTrueOnlyWhereAKeyWouldBeDerived) {
    EXPECT_TRUE(needs_whole_body(rules(true), route(), false));
    EXPECT_FALSE(needs_whole_body(rules(true), route(), true));
    EXPECT_FALSE(needs_whole_body(rules(false), route(), false));
    Route no_id = route();
    no_id.natural_id = "";
    EXPECT_FALSE(needs_whole_body(rules(true), no_id, false));
    Route unkeyed = route();
    unkeyed.keyed = false;
    EXPECT_FALSE(needs_whole_body(rules(true), unkeyed, false));
    Rules observing = rules(true);
    observing.mode = Mode::observe;
    EXPECT_FALSE(needs_whole_body(observing, route(), false));
}

}  // namespace
}  // namespace backstop::policy
