#include "tests/simulator/digest.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace simulator {

std::string sha256_hex(std::string_view bytes) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a NUL
    const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()), in, static_cast<int>(bytes.size())
    );
    text.resize(static_cast<std::size_t>(length));
    return text;
}

}  // namespace simulator
