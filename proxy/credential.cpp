#include "proxy/credential.hpp"

#include "proxy/config_file.hpp"

#include <algorithm>
#include <optional>
#include <sys/prctl.h>

namespace backstop::proxy {

namespace {

constexpr std::size_t longest_key = 8192;

bool printable(char c) {
    return c >= ' ' && c <= '~';
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view white = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(white);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(white) - begin + 1);
}

}  // namespace

bool Credential::renew(const std::string& value) {
    if (value == value_) return false;
    value_ = value;
    ++version_;
    return true;
}

CredentialRead parse_credential(std::string_view content, std::string_view prefix) {
    const std::string_view key = trimmed(content);
    CredentialRead read;
    if (key.empty()) {
        read.problem = "is empty; it must hold the API's key";
    } else if (key.size() > longest_key) {
        read.problem = "is longer than 8192 bytes; it must hold the API's key and nothing else";
    } else if (!std::all_of(key.begin(), key.end(), printable)) {
        read.problem =
            "has a line break, a control character or one that is not ASCII in its midst; it must "
            "hold the API's key and nothing else";
    } else {
        read.value.append(prefix).append(key);
    }
    return read;
}

CredentialRead read_credential(const std::filesystem::path& file, std::string_view prefix) {
    const std::optional<std::string> content = read_file(file);
    if (content) return parse_credential(*content, prefix);
    CredentialRead unreadable;
    unreadable.problem = "cannot be read; is the path right, and may this user read it?";
    return unreadable;
}

void protect_memory() {
    ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace backstop::proxy
