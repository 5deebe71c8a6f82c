#include "tests/simulator/simulator.hpp"

#include "tests/simulator/listener.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <optional>
#include <thread>
#include <utility>

namespace simulator {
namespace {

World::Clock clock_from_now_on(std::chrono::milliseconds offset) {
    const auto start = std::chrono::steady_clock::now();
    return [start, offset] {
        const auto since = std::chrono::steady_clock::now() - start;
        return Moment{
            .steady = std::chrono::duration_cast<std::chrono::milliseconds>(since),
            .wall = std::chrono::system_clock::now() + offset};
    };
}

}  // namespace

// The world outlives the io_context, whose destruction ends the coroutines that use it.
class Simulator::Server {
public:
    explicit Server(const Options& options)
        : world(
              make_api(options.api, options.seed),
              options.seed,
              clock_from_now_on(options.clock_offset)
          ) {
        world.change(options.settings);
        std::vector<Fault> faults;
        for (const std::string& line : options.faults)
            faults.push_back(parse_fault(line));
        world.add_faults(std::move(faults));
        if (!options.listen.empty()) {
            plain.emplace(io, endpoint_of("listen", options.listen), Service(), world);
        }
        if (!options.tls_listen.empty()) {
            tls = server_context(options.certificate_file, options.private_key_file);
            const Service service{.tls = &*tls};
            encrypted.emplace(io, endpoint_of("tls_listen", options.tls_listen), service, world);
        }
        if (!options.control_listen.empty()) {
            const Service service{.faults_at_accept = false};
            const auto endpoint = endpoint_of("control_listen", options.control_listen);
            control.emplace(io, endpoint, service, world);
        }
        thread = std::thread([this] { io.run(); });
    }

    ~Server() {
        io.stop();
        thread.join();
    }

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    World world;
    std::optional<asio::ssl::context> tls;
    asio::io_context io{1};
    std::optional<Listener> plain;
    std::optional<Listener> encrypted;
    std::optional<Listener> control;
    std::thread thread;
};

Simulator::Simulator(Options options) : server_(std::make_unique<Server>(options)) {}

Simulator::~Simulator() = default;

void Simulator::add_fault(std::string_view line) {
    server_->world.add_faults({parse_fault(line)});
}

void Simulator::change_settings(const boost::json::object& settings) {
    server_->world.change(settings);
}

void Simulator::clear_faults() {
    server_->world.clear_faults();
}

void Simulator::clear_journal() {
    server_->world.clear_journal();
}

void Simulator::reset() {
    server_->world.reset();
}

bool Simulator::wait_for_requests(std::size_t count, std::chrono::milliseconds give_up_after)
    const {
    return wait_until(
        [count](const Journal& journal, const Effects&, const Connections&) {
            return journal.size() >= count;
        },
        give_up_after
    );
}

bool Simulator::wait_for_open_connections(
    std::size_t count, std::chrono::milliseconds give_up_after
) const {
    return wait_until(
        [count](const Journal&, const Effects&, const Connections& connections) {
            return connections.open == count;
        },
        give_up_after
    );
}

bool Simulator::wait_until(
    const World::Condition& condition, std::chrono::milliseconds give_up_after
) const {
    return server_->world.wait_until(condition, give_up_after);
}

std::uint16_t Simulator::port() const {
    return server_->plain ? server_->plain->port() : 0;
}

std::uint16_t Simulator::tls_port() const {
    return server_->encrypted ? server_->encrypted->port() : 0;
}

std::uint16_t Simulator::control_port() const {
    return server_->control ? server_->control->port() : 0;
}

std::vector<Entry> Simulator::journal(std::uint64_t since) const {
    return server_->world.journal_since(since);
}

Effects Simulator::effects() const {
    return server_->world.effects();
}

Connections Simulator::connections() const {
    return server_->world.connections();
}

boost::json::object Simulator::settings() const {
    return server_->world.settings();
}

}  // namespace simulator
