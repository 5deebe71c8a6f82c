#pragma once

// All that one simulator knows, behind one mutex: the API with its memory, the faults, the journal,
// the effects. The sessions report what arrives and ask what to do; the control API and tests in
// other threads look on and change things.

#include "tests/simulator/api.hpp"
#include "tests/simulator/effects.hpp"
#include "tests/simulator/fault_set.hpp"
#include "tests/simulator/journal.hpp"

#include <boost/json/object.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace simulator {

struct Connections {
    std::uint64_t accepted = 0;
    std::uint64_t open = 0;
};

class World {
public:
    using Clock = std::function<Moment()>;

    World(std::unique_ptr<Api> api, std::uint64_t seed, Clock clock);

    Moment now() const { return clock_(); }

    // What sessions report and ask, in this order.
    std::uint64_t connection_opened();
    void connection_closed();
    Disturbance draw_at_accept();
    Disturbance draw(const Request& request);
    std::uint64_t arrived(
        const Request& request, std::uint64_t connection, bool tls, const Disturbance& disturbance
    );
    Response process(std::uint64_t sequence, const Request& request);
    Response fault_answer(const Fault& fault, const Request& request);
    Response bad_request(int status);
    std::string stream_due(Stream& stream);
    // Told just before the last bytes go out, so that a client that has the answer finds it in the
    // journal; taken back where they could not be sent.
    void answered(std::uint64_t sequence, int status);
    void unanswered(std::uint64_t sequence, const std::string& why);

    // What the control API and tests do.
    void add_faults(std::vector<Fault> faults);
    void clear_faults();
    std::size_t remove_faults(const std::string& name);
    std::vector<FaultSet::Standing> faults() const;
    std::vector<Entry> journal_since(std::uint64_t sequence) const;
    std::uint64_t last_sequence() const;
    std::uint64_t dropped() const;
    void clear_journal();
    Effects effects() const;
    Connections connections() const;
    boost::json::object settings() const;
    void change(const boost::json::object& settings);
    void reset();  // what happened, the journal and the faults; settings stay

    // Waits until it is true, which is asked whenever something has changed; false: gave up.
    using Condition = std::function<bool(const Journal&, const Effects&, const Connections&)>;
    bool wait_until(const Condition& condition, std::chrono::milliseconds give_up_after) const;

private:
    Clock clock_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::unique_ptr<Api> api_;
    FaultSet faults_;
    Journal journal_;
    Effects effects_;
    Connections connections_;
};

}  // namespace simulator
