#pragma once

// A TCP client that shows what really came over the wire: bytes, a clean end, a reset, or nothing.

#include <cstdint>
#include <string>
#include <string_view>

namespace simulator {

enum class Seen {
    bytes,
    end,
    reset,
    nothing
};

class RawClient {
public:
    explicit RawClient(std::uint16_t port);
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    virtual ~RawClient();

    void send(std::string_view bytes);
    void stop_sending();
    void close();

    // One whole response, by its Content-Length; less where the connection ends before.
    std::string read_response();

    // Everything up to and with that text; less where the connection ends before.
    std::string read_until(std::string_view text);

    // Everything until the connection ends; `last` tells how.
    std::string read_all();
    Seen last() const { return last_; }

    // What is there right now: Seen::nothing if neither bytes nor an end.
    Seen look();

protected:
    // Bytes read or written; 0: a clean end; -1: failed, see errno.
    virtual long read_some(char* into, std::size_t size);
    virtual long write_some(const char* from, std::size_t size);

    int descriptor() const { return descriptor_; }

private:
    bool fill();

    int descriptor_;
    std::string unread_;
    Seen last_ = Seen::nothing;
};

// A start of the call, as a client sends it; `more` are further header lines.
std::string start_request(const std::string& call_id, const std::string& more = {});
std::string end_request(const std::string& call_id, const std::string& more = {});
std::string post(const std::string& path, const std::string& body, const std::string& more = {});

int status_of(const std::string& response);
std::string body_of(const std::string& response);

}  // namespace simulator
