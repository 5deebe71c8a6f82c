#include "proxy/line_writer.hpp"

#include <climits>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace backstop::proxy {
namespace {

// A pipe that poll(2) calls writable takes this many bytes without waiting (POSIX, write).
constexpr std::size_t pipe_chunk = PIPE_BUF;
// A regular file never makes its writer wait for a reader; a terminal hardly ever.
constexpr std::size_t file_chunk = 64 * 1024;

bool writable(int descriptor, int patience_milliseconds) {
    pollfd asked{descriptor, POLLOUT, 0};
    return ::poll(&asked, 1, patience_milliseconds) > 0;
}

}  // namespace

LineWriter::LineWriter(int descriptor, Options options)
    : descriptor_(descriptor), options_(options) {
    struct stat about {};
    if (::fstat(descriptor, &about) != 0) return;
    if (S_ISREG(about.st_mode)) kind_ = Kind::file;
    if (S_ISSOCK(about.st_mode)) kind_ = Kind::socket;
}

LineWriter::LineWriter(int descriptor) : LineWriter(descriptor, Options{}) {}

LineWriter::~LineWriter() {
    finish(std::chrono::seconds(1));
}

void LineWriter::start(Executor executor) {
    timer_.emplace(executor);
    if (pending() > 0) arm();
}

void LineWriter::write(std::string_view line) {
    if (broken_ || pending() + line.size() > options_.most_bytes) {
        ++dropped_;
        return;
    }
    announce();
    pending_.append(line);
    if (!timer_ || pending() >= options_.batch_bytes) {
        flush();
    } else {
        arm();
    }
}

// The line about lost lines stands where they would have stood.
void LineWriter::announce() {
    if (announced_ == dropped_ || !announce_) return;
    pending_.append(announce_(dropped_ - announced_));
    announced_ = dropped_;
}

void LineWriter::flush() {
    while (pending() > 0 && writable(descriptor_, 0) && write_some()) {
    }
    if (pending() > 0 && !broken_) arm();
}

bool LineWriter::finish(policy::Duration at_most) {
    announce();
    const policy::Instant end = steady_now() + at_most;
    while (pending() > 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_now()).count();
        if (left <= 0 || !writable(descriptor_, static_cast<int>(left)) || !write_some()) break;
    }
    return pending() == 0;
}

// Whole lines where that is possible: whoever else writes to a pipe then cannot get between them.
std::size_t LineWriter::chunk(std::string_view waiting) const {
    const std::size_t most = kind_ == Kind::file ? file_chunk : pipe_chunk;
    if (waiting.size() <= most) return waiting.size();
    const std::size_t newline = waiting.substr(0, most).rfind('\n');
    return newline == std::string_view::npos ? most : newline + 1;
}

// True if something was written.
bool LineWriter::write_some() {
    const char* from = pending_.data() + begin_;
    const std::size_t size = chunk({from, pending()});
    const ssize_t written = kind_ == Kind::socket
                                ? ::send(descriptor_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                : ::write(descriptor_, from, size);
    if (written < 0) {
        if (errno == EINTR) return true;
        if (errno != EAGAIN && errno != EWOULDBLOCK) give_up();
        return false;
    }
    begin_ += static_cast<std::size_t>(written);
    if (pending() == 0 || begin_ > options_.most_bytes) {
        pending_.erase(0, begin_);
        begin_ = 0;
    }
    return true;
}

// Nobody reads any more, or the disk is full. Nothing can be said about it, and it is no reason to
// stop forwarding.
void LineWriter::give_up() {
    dropped_ += static_cast<std::uint64_t>(
        std::count(pending_.begin() + static_cast<std::ptrdiff_t>(begin_), pending_.end(), '\n')
    );
    announced_ = dropped_;
    pending_.clear();
    begin_ = 0;
    broken_ = errno == EPIPE || errno == EBADF;
}

void LineWriter::arm() {
    if (!timer_ || armed_) return;
    armed_ = true;
    timer_->expires_after(options_.period);
    timer_->async_wait([this, alive = std::weak_ptr<bool>(alive_)](error_code ec) {
        if (ec || alive.expired()) return;
        armed_ = false;
        flush();
    });
}

}  // namespace backstop::proxy
