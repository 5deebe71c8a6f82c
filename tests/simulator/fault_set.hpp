#pragma once

// The faults in force, and what they come to for one request.
//
// Most faults decide what becomes of the answer (status, rate_limited, reset, hang, truncate,
// malformed): of these the first in the list that applies is used and the later ones are not drawn,
// so that "status count=2" followed by "reset count=1" is a script. The others (latency, gzip,
// slow_body, close_idle, chunked) add to it, each on its own.
//
// Each fault draws from a generator of its own, seeded by the simulator's seed and the fault's
// place in the list: adding one does not change what another does.

#include "tests/simulator/fault.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace simulator {

// What is done to one request.
struct Disturbance {
    std::optional<Fault> main{};
    std::chrono::milliseconds wait_before_processing{};
    std::chrono::milliseconds wait_after_processing{};
    std::string encoding{};
    bool encode_every_status = false;
    std::int64_t bytes_per_second = 0;
    bool chunked = false;
    std::string close_idle{};  // empty, after_response or next_request
    std::vector<std::string> applied{};

    bool is(FaultType type, Stage stage) const {
        return main && main->type == type && main->stage == stage;
    }
};

class FaultSet {
public:
    struct Standing {
        Fault fault{};
        std::int64_t matched = 0;
        std::int64_t applied = 0;
        std::mt19937_64 random{};
    };

    static constexpr std::size_t faults_max = 1000;

    explicit FaultSet(std::uint64_t seed) : seed_(seed) {}

    void add(Fault fault);                        // throws BadInput where there are too many
    void clear();                                 // and begins the draws anew
    std::size_t remove(const std::string& name);  // how many bore it

    Disturbance draw(const Request& request);
    Disturbance draw_at_accept();

    const std::vector<Standing>& all() const { return faults_; }

private:
    bool applies(Standing& standing);
    static void apply(Standing& standing, Disturbance& to);

    std::uint64_t seed_;
    std::uint64_t added_ = 0;
    std::vector<Standing> faults_;
};

}  // namespace simulator
