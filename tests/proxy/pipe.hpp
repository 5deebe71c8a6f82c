// A pipe whose reader is the test, as a log collector is the reader of our standard output.
#pragma once

#include <array>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace backstop::test {

class Pipe {
public:
    Pipe() {
        if (::pipe(ends_.data()) != 0) throw std::runtime_error("no pipe");
        ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    }
    ~Pipe() {
        close_reader();
        ::close(ends_[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int writer() const { return ends_[1]; }
    void close_reader() {
        if (ends_[0] >= 0) ::close(ends_[0]);
        ends_[0] = -1;
    }

    // What is in it now.
    std::string read() {
        std::string all;
        std::array<char, 4096> room{};
        for (;;) {
            const ssize_t size = ::read(ends_[0], room.data(), room.size());
            if (size <= 0) return all;
            all.append(room.data(), static_cast<std::size_t>(size));
        }
    }

    std::vector<std::string> lines() {
        std::vector<std::string> found;
        std::string text = read();
        for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;) {
            found.push_back(text.substr(0, end));
            text.erase(0, end + 1);
        }
        if (!text.empty()) found.push_back(text + " (no newline)");
        return found;
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

}  // namespace backstop::test
