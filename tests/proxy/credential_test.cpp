#include "proxy/credential.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace backstop::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Credential, IsThePrefixAndTheKey) {
    EXPECT_EQ(parse_credential("sk_1", "Bearer ").value, "Bearer sk_1");
    EXPECT_EQ(parse_credential("sk_1", "").value, "sk_1");
    EXPECT_EQ(parse_credential("dXNlcjpwYXNz", "Basic ").problem, "");
}

TEST(Credential, IsWithoutTheEndOfItsLine) {
    for (const std::string content : {"sk_1\n", "sk_1\r\n", " sk_1 \n\n", "\nsk_1"})
        EXPECT_EQ(parse_credential(content, "Bearer ").value, "Bearer sk_1") << content;
}

TEST(Credential, CannotEndItsField) {
    const std::string nul("sk\0_1", 5);
    for (const std::string& content :
         {std::string("sk_1\nX-Evil: 1"),
          std::string("sk\r_1"),
          nul,
          std::string("sk\t_1"),
          std::string("sk\x7f_1"),
          std::string("sk_\xc3\xa9")}) {
        const CredentialRead read = parse_credential(content, "Bearer ");
        EXPECT_EQ(read.value, "");
        EXPECT_THAT(read.problem, HasSubstr("its midst"));
        EXPECT_THAT(read.problem, Not(HasSubstr("sk"))) << "no part of a key may be shown";
    }
}

TEST(Credential, HasToBeThere) {
    for (const std::string content : {"", "\n", " \t\r\n"})
        EXPECT_THAT(parse_credential(content, "Bearer ").problem, HasSubstr("is empty"));
    EXPECT_THAT(
        parse_credential(std::string(8193, 'k'), "").problem, HasSubstr("longer than 8192")
    );
    EXPECT_EQ(parse_credential(std::string(8192, 'k'), "").problem, "");
    EXPECT_THAT(read_credential("/nowhere/key", "").problem, HasSubstr("cannot be read"));
    EXPECT_THAT(read_credential("/tmp", "").problem, HasSubstr("cannot be read"));
}

TEST(Credential, TellsAnotherKeyByItsVersion) {
    Credential credential("Bearer one");
    const unsigned first = credential.version();
    EXPECT_FALSE(credential.renew("Bearer one"));
    EXPECT_EQ(credential.version(), first);
    EXPECT_TRUE(credential.renew("Bearer two"));
    EXPECT_NE(credential.version(), first);
    EXPECT_EQ(credential.value(), "Bearer two");
}

}  // namespace
}  // namespace backstop::proxy
