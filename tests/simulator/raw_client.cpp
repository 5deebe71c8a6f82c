#include "tests/simulator/raw_client.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace simulator {
namespace {

// So that a test whose answer never comes fails by itself.
constexpr timeval give_up_after{.tv_sec = 30, .tv_usec = 0};

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

RawClient::RawClient(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &give_up_after, sizeof give_up_after);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    // A server that resets at once may do so before connect() has returned.
    if (connect(descriptor_, generic, sizeof address) != 0 && errno != ECONNRESET) fail("connect");
}

RawClient::~RawClient() {
    close();
}

void RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const long written = write_some(bytes.data(), bytes.size());
        if (written < 0) return;  // the connection is gone; reading will tell how
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void RawClient::stop_sending() {
    shutdown(descriptor_, SHUT_WR);
}

void RawClient::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

std::string RawClient::read_response() {
    constexpr std::string_view blank_line = "\r\n\r\n";
    constexpr std::string_view length_field = "Content-Length: ";
    while (unread_.find(blank_line) == std::string::npos) {
        if (!fill()) return std::exchange(unread_, {});
    }
    const std::size_t head = unread_.find(blank_line) + blank_line.size();
    const std::size_t field = unread_.find(length_field);
    std::size_t whole = head;
    if (field < head) {
        whole += std::strtoull(unread_.c_str() + field + length_field.size(), nullptr, 10);
    }
    while (unread_.size() < whole) {
        if (!fill()) return std::exchange(unread_, {});
    }
    std::string response = unread_.substr(0, whole);
    unread_.erase(0, whole);
    return response;
}

std::string RawClient::read_until(std::string_view text) {
    while (unread_.find(text) == std::string::npos) {
        if (!fill()) return std::exchange(unread_, {});
    }
    const std::size_t whole = unread_.find(text) + text.size();
    std::string read = unread_.substr(0, whole);
    unread_.erase(0, whole);
    return read;
}

std::string RawClient::read_all() {
    while (fill()) {
    }
    return std::exchange(unread_, {});
}

Seen RawClient::look() {
    char byte = 0;
    const long bytes = recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (bytes > 0) return Seen::bytes;
    if (bytes == 0) return Seen::end;
    return errno == ECONNRESET ? Seen::reset : Seen::nothing;
}

long RawClient::read_some(char* into, std::size_t size) {
    return recv(descriptor_, into, size, 0);
}

long RawClient::write_some(const char* from, std::size_t size) {
    return ::send(descriptor_, from, size, MSG_NOSIGNAL);
}

bool RawClient::fill() {
    char bytes[16 * 1024];
    const long count = read_some(bytes, sizeof bytes);
    if (count > 0) {
        unread_.append(bytes, static_cast<std::size_t>(count));
        last_ = Seen::bytes;
        return true;
    }
    last_ = count == 0 ? Seen::end : errno == ECONNRESET ? Seen::reset : Seen::nothing;
    return false;
}

std::string post(const std::string& path, const std::string& body, const std::string& more) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: simulator\r\nAuthorization: Bearer sk_test_valid\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string start_request(const std::string& call_id, const std::string& more) {
    const std::string body =
        R"({"call_id":")" + call_id + R"(","identity_hints":{"ani":"+14155551234"}})";
    return post("/v1/calls/start", body, more);
}

std::string end_request(const std::string& call_id, const std::string& more) {
    return post("/v1/calls/end", R"({"call_id":")" + call_id + R"("})", more);
}

int status_of(const std::string& response) {
    constexpr std::string_view version = "HTTP/1.1 ";
    if (!response.starts_with(version)) return 0;
    return std::atoi(response.c_str() + version.size());
}

std::string body_of(const std::string& response) {
    const std::size_t head = response.find("\r\n\r\n");
    return head == std::string::npos ? std::string() : response.substr(head + 4);
}

}  // namespace simulator
