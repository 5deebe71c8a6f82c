// The API's key that is added to requests, so that the application needs none. It is read from a
// file, such as a mounted secret, and is in no log, status or error message.
#pragma once

#include "config/config.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace backstop::proxy {

// What a request is given. Shared by all generations of an upstream that take it from the same
// file, so that a new key is the next one for everybody.
class Credential {
public:
    explicit Credential(std::string value) : value_(std::move(value)) {}

    const std::string& value() const { return value_; }  // of the header: prefix and key
    // Changes with the value: whoever has written a head can tell whether it still holds.
    unsigned version() const { return version_; }
    // True if it is another one.
    bool renew(const std::string& value);

private:
    std::string value_;
    unsigned version_ = 0;
};

struct CredentialRead {
    std::string value{};    // of the header
    std::string problem{};  // a sentence fit for a user; without a byte of the key
};

// The value for the header from what the file holds. White space at both ends is taken off, since
// editors and `echo` leave a line's end. What is left must be 1 to 8,192 printable ASCII
// characters: anything else could end the header field (RFC 9110 5.5).
CredentialRead parse_credential(std::string_view content, std::string_view prefix);

// `file` as it is to be opened.
CredentialRead read_credential(const std::filesystem::path& file, std::string_view prefix);

// No core dump of this process from now on, and no other process of this user may read its memory.
void protect_memory();

}  // namespace backstop::proxy
