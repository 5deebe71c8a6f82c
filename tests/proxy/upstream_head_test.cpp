// The head that goes to the upstream, as far as the idempotency header is concerned: whose key it
// carries, and that there is never a second line beside it.
#include "proxy/head_rules.hpp"
#include "proxy/headers.hpp"
#include "proxy/message_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace backstop::proxy {
namespace {

constexpr std::string_view header = "X-Idempotency-Key";
using Lines = std::vector<std::string>;

// A POST with the header once for each value.
Message post(const Lines& values, const std::string& more = "") {
    std::string bytes = "POST /v1/calls/start HTTP/1.1\r\nHost: x\r\n" + more;
    for (const std::string& value : values)
        bytes += "x-idempotency-KEY:" + value + "\r\n";
    bytes += "\r\n";
    Message message;
    RequestParser parser(message, HeadLimits{});
    EXPECT_EQ(parser.put_head(bytes), bytes.size());
    EXPECT_FALSE(judge_request(message));
    return message;
}

// Values of the header as they go out.
Lines sent(const Message& request, std::string_view key_header, std::string_view key) {
    const config::Target target{.authority = "api"};
    UpstreamHead head{request, target};
    head.key_header = key_header;
    head.key = key;
    std::string text;
    write_upstream_head(head, text);
    Lines out;
    for (std::size_t at = 0, end = 0; (end = text.find("\r\n", at)) != std::string::npos;
         at = end + 2) {
        const std::string_view line = std::string_view(text).substr(at, end - at);
        const std::size_t colon = std::min(line.find(": "), line.size());
        if (policy::equal_ignoring_case(line.substr(0, colon), header))
            out.emplace_back(line.substr(colon + 2));
    }
    return out;
}

TEST(HasKey, LooksForALineThatNamesSomething) {
    for (const Lines& values :
         {Lines{"k"}, Lines{" k "}, Lines{"\"k\""}, Lines{"", "k"}, Lines{"k", ""}, Lines{"0"}})
        EXPECT_TRUE(has_key(post(values), header)) << values.front();
    for (const Lines& values :
         {Lines{},
          Lines{""},
          Lines{"   "},
          Lines{"\t"},
          Lines{","},
          Lines{" , ,"},
          Lines{"\"\""},
          Lines{"", " "}})
        EXPECT_FALSE(has_key(post(values), header)) << values.size();
}

TEST(HasKey, IsNotOneForUsOnlyNorOfAnApiWithoutTheHeader) {
    const std::string for_us = "Connection: close, x-idempotency-key\r\n";
    EXPECT_FALSE(has_key(post({"k"}, for_us), header));
    EXPECT_FALSE(has_key(post({"k"}), ""));
}

TEST(UpstreamHead, CarriesOurKeyInPlaceOfEveryLineOfTheClients) {
    for (const Lines& values : {Lines{}, Lines{""}, Lines{" "}, Lines{"", ","}})
        EXPECT_EQ(sent(post(values), header, "ours"), Lines{"ours"});
}

TEST(UpstreamHead, CarriesTheClientsKeyWithoutEmptyLinesBesideIt) {
    EXPECT_EQ(sent(post({"theirs"}), header, ""), Lines{"theirs"});
    EXPECT_EQ(sent(post({"", "theirs", " "}), header, ""), Lines{"theirs"});
    EXPECT_EQ(sent(post({"one", "two"}), header, ""), (Lines{"one", "two"}));
}

TEST(UpstreamHead, CarriesWhatCameWhereKeysAreNoConcern) {
    EXPECT_EQ(sent(post({"", "theirs"}), "", ""), (Lines{"", "theirs"}));
}

}  // namespace
}  // namespace backstop::proxy
