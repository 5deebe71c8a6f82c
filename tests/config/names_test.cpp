// Which names a file may give to what is sent.
#include "config/names.hpp"

#include "config/dialects.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace backstop::config {
namespace {

LoadedDialect with_key_header(std::string_view header) {
    const std::string text =
        "name = \"acme\"\nidempotency_header = \"" + std::string(header) + "\"\n";
    return load_dialect(text, "acme.toml");
}

// Every request would count as having a key, and a write would be sent twice.
TEST(KeyHeader, IsNoneThatRequestsHaveAnyway) {
    for (const std::string_view header :
         {"Host",
          "content-length",
          "Transfer-Encoding",
          "Connection",
          "Via",
          "TE",
          "Expect",
          "Upgrade",
          "Trailer",
          "Keep-Alive",
          "Proxy-Connection",
          "Proxy-Authorization",
          "HTTP2-Settings",
          "Backstop-Timeout",
          "Authorization",
          "Cookie",
          "Content-Type",
          "Accept",
          "Accept-Encoding",
          "User-Agent",
          "Date",
          "Origin",
          "traceparent",
          "Sec-Fetch-Mode",
          "X-Forwarded-For"}) {
        SCOPED_TRACE(header);
        const LoadedDialect loaded = with_key_header(header);
        EXPECT_FALSE(loaded.dialect);
        ASSERT_EQ(loaded.diagnostics.size(), 1u);
        const Diagnostic& found = loaded.diagnostics.front();
        EXPECT_EQ(found.line, 2u);
        EXPECT_EQ(found.column, 22u);
        EXPECT_EQ(found.path, "idempotency_header");
        EXPECT_NE(found.message.find("such as \"Idempotency-Key\""), std::string::npos);
    }
}

TEST(KeyHeader, IsAnyOther) {
    for (const std::string_view header :
         {"Idempotency-Key",
          "X-Idempotency-Key",
          "X-Request-Id",
          "Request-Id",
          "Accepts",
          "Hosts",
          "Content",
          "Proxy",
          "Tel-Once"}) {
        SCOPED_TRACE(header);
        EXPECT_TRUE(with_key_header(header).dialect);
    }
    EXPECT_TRUE(with_key_header("").dialect);  // none
}

TEST(CredentialHeader, IsNoneThatBackstopWrites) {
    for (const std::string_view header :
         {"host", "Content-Length", "Proxy-Connection", "X Key", ""})
        EXPECT_NE(credential_header_problem(header), "") << header;
    for (const std::string_view header : {"Authorization", "X-Api-Key", "Cookie"})
        EXPECT_EQ(credential_header_problem(header), "") << header;
}

TEST(AnswerHeader, IsNoneThatBackstopWrites) {
    for (const std::string_view header :
         {"Content-Length",
          "Content-Type",
          "Retry-After",
          "Proxy-Status",
          "Backstop-Reason",
          "Cache-Control",
          "Date",
          "X-Should-Retry",
          "Connection"})
        EXPECT_NE(answer_header_problem(header), "") << header;
    for (const std::string_view header : {"X-RateLimit-Reset", "RateLimit", "X-Retry-After"})
        EXPECT_EQ(answer_header_problem(header), "") << header;
}

TEST(DialectName, IsOneWord) {
    for (const std::string_view name : {"ac me", "acme!", "\xC3\xA4pi"}) {
        const LoadedDialect loaded =
            load_dialect("name = \"" + std::string(name) + "\"\n", "acme.toml");
        EXPECT_FALSE(loaded.dialect);
        ASSERT_EQ(loaded.diagnostics.size(), 1u);
        EXPECT_EQ(
            to_string(loaded.diagnostics.front()),
            "acme.toml:1:8: error: name: " + std::string(word_expected)
        );
    }
    EXPECT_TRUE(load_dialect("name = \"ac-me_2\"\n", "acme.toml").dialect);
}

}  // namespace
}  // namespace backstop::config
