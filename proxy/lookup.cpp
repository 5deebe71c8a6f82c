#include "proxy/lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace backstop::proxy {

namespace {

std::atomic<int> under_way = 0;

// Where threads leave their answers. It outlives the io_context, and knows when that has ended.
class Mailbox {
public:
    explicit Mailbox(asio::io_context& io) : io_(&io) {}
    void close() {
        const std::lock_guard lock(mutex_);
        io_ = nullptr;
    }
    template <typename Letter>
    void post(Letter letter) {
        const std::lock_guard lock(mutex_);
        if (io_ != nullptr) asio::post(*io_, std::move(letter));
    }

private:
    std::mutex mutex_{};
    asio::io_context* io_;
};

// An io_context tells its services first that it ends.
class Mail final : public asio::execution_context::service {
public:
    using key_type = Mail;
    static inline asio::execution_context::id id{};

    explicit Mail(asio::io_context& io) : service(io), box_(std::make_shared<Mailbox>(io)) {}
    const std::shared_ptr<Mailbox>& box() const { return box_; }

private:
    void shutdown() override { box_->close(); }

    std::shared_ptr<Mailbox> box_;
};

// Signals are for the I/O thread.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

error_code ask(const std::string& host, const std::string& port, TcpEndpoints& found) {
    asio::io_context own;
    asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver(own);
    error_code ec;
    for (const auto& entry : resolver.resolve(host, port, ec))
        found.push_back(entry.endpoint());
    if (!ec && found.empty()) ec = asio::error::host_not_found;
    return ec;
}

}  // namespace

void look_up(
    Executor executor, const std::string& host, const std::string& port, const LookupDone& done
) {
    const std::shared_ptr<Mailbox> box = asio::use_service<Mail>(executor.context()).box();
    ++under_way;
    try {
        std::thread([box, host, port, done] {
            block_signals();
            TcpEndpoints found;
            const error_code ec = ask(host, port, found);
            box->post([done, ec, found] { done(ec, found); });
            --under_way;
        }).detach();
    } catch (const std::system_error&) {
        // No thread is to be had: a failure like any other.
        --under_way;
        box->post([done] { done(asio::error::try_again, {}); });
    }
}

int lookups_under_way() {
    return under_way;
}

}  // namespace backstop::proxy
