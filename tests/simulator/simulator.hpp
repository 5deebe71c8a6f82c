#pragma once

// A server that stands in for a third-party API, in process or as the program backstop-simulator.
// It runs in a thread of its own; every function here may be called from any thread.
//
//   simulator::Simulator api({.faults = {"status code=500 count=2"}});
//   … send requests to 127.0.0.1:api.port() …
//   EXPECT_EQ(api.effects().count("calls_started", "call_1"), 1);
//   EXPECT_EQ(api.journal().size(), 3);

#include "tests/simulator/effects.hpp"
#include "tests/simulator/fault.hpp"
#include "tests/simulator/journal.hpp"
#include "tests/simulator/json_reader.hpp"
#include "tests/simulator/world.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

class Simulator {
public:
    struct Options {
        std::string api = "sticky-calls";
        std::uint64_t seed = 1;
        std::string listen = "127.0.0.1:0";        // port 0: any free one; empty: no plain listener
        std::string tls_listen{};                  // needs the two files
        std::string control_listen{};              // a plain one that meets no fault at_accept
        std::string certificate_file{};            // PEM, the chain
        std::string private_key_file{};            // PEM
        std::chrono::milliseconds clock_offset{};  // of the dates that the API tells
        boost::json::object settings{};            // as for POST /_sim/settings
        std::vector<std::string> faults{};         // as for --fault
    };

    // Throws BadInput for an option that cannot be right, and boost::system::system_error where an
    // address cannot be bound or a file not read.
    explicit Simulator(Options options);
    Simulator(const Simulator&) = delete;
    Simulator& operator=(const Simulator&) = delete;
    ~Simulator();  // drops all connections

    // Throw BadInput.
    void add_fault(std::string_view line);
    void change_settings(const boost::json::object& settings);

    void clear_faults();
    void clear_journal();
    void reset();  // what happened, the journal and the faults; settings stay

    // False: gave up.
    bool wait_for_requests(
        std::size_t count, std::chrono::milliseconds give_up_after = std::chrono::seconds(30)
    ) const;
    bool wait_for_open_connections(
        std::size_t count, std::chrono::milliseconds give_up_after = std::chrono::seconds(30)
    ) const;
    bool wait_until(
        const World::Condition& condition,
        std::chrono::milliseconds give_up_after = std::chrono::seconds(30)
    ) const;

    std::uint16_t port() const;  // 0: no such listener
    std::uint16_t tls_port() const;
    std::uint16_t control_port() const;
    std::vector<Entry> journal(std::uint64_t since = 0) const;
    Effects effects() const;
    Connections connections() const;
    boost::json::object settings() const;

private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace simulator
