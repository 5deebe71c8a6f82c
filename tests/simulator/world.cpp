#include "tests/simulator/world.hpp"

#include "tests/simulator/digest.hpp"
#include "tests/simulator/json_reader.hpp"

#include <boost/json.hpp>

#include <utility>

namespace simulator {

using Lock = std::lock_guard<std::mutex>;

World::World(std::unique_ptr<Api> api, std::uint64_t seed, Clock clock)
    : clock_(std::move(clock)),
      api_(std::move(api)),
      faults_(seed),
      effects_(api_->effect_names()) {}

std::uint64_t World::connection_opened() {
    const Lock lock(mutex_);
    ++connections_.open;
    changed_.notify_all();
    return ++connections_.accepted;
}

void World::connection_closed() {
    const Lock lock(mutex_);
    --connections_.open;
    changed_.notify_all();
}

Disturbance World::draw_at_accept() {
    const Lock lock(mutex_);
    return faults_.draw_at_accept();
}

Disturbance World::draw(const Request& request) {
    const Lock lock(mutex_);
    return faults_.draw(request);
}

std::uint64_t World::arrived(
    const Request& request, std::uint64_t connection, bool tls, const Disturbance& disturbance
) {
    Entry entry;
    entry.connection = connection;
    entry.tls = tls;
    entry.method = request.method;
    entry.target = request.target;
    entry.fields = request.fields;
    entry.body = request.body.substr(0, Journal::body_bytes_max);
    entry.body_bytes = request.body.size();
    entry.body_sha256 = sha256_hex(request.body);
    entry.faults = disturbance.applied;
    const Lock lock(mutex_);
    const Moment moment = clock_();
    entry.arrived = moment.steady;
    entry.wall = moment.wall;
    if (const std::string* key = entry.field(api_->idempotency_header())) {
        entry.idempotency_key = *key;
    }
    const std::uint64_t sequence = journal_.add(std::move(entry));
    changed_.notify_all();
    return sequence;
}

Response World::process(std::uint64_t sequence, const Request& request) {
    const Lock lock(mutex_);
    Response response = api_->answer(request, clock_());
    Entry* entry = journal_.find(sequence);
    for (const Effect& effect : response.effects) {
        effects_.add(effect);
        if (entry) entry->effects.push_back(effect.name + " " + effect.subject);
    }
    if (entry && !response.note.empty()) entry->note = response.note;
    changed_.notify_all();
    return response;
}

Response World::fault_answer(const Fault& fault, const Request& request) {
    const Lock lock(mutex_);
    const Moment moment = clock_();
    Response response = fault.type == FaultType::rate_limited
                            ? api_->rate_limited(fault.retry_after, request, moment)
                            : api_->error(fault.code, request, moment);
    response.status = fault.code;
    if (fault.body) response.body = *fault.body;
    for (const Field& field : fault.headers) {
        std::erase_if(response.fields, [&field](const Field& own) {
            return find_field({own}, field.name) != nullptr;
        });
        response.fields.push_back(field);
    }
    return response;
}

Response World::bad_request(int status) {
    const Lock lock(mutex_);
    return api_->error(status, Request(), clock_());
}

std::string World::stream_due(Stream& stream) {
    const Lock lock(mutex_);
    return stream.due(clock_());
}

void World::answered(std::uint64_t sequence, int status) {
    const Lock lock(mutex_);
    Entry* entry = journal_.find(sequence);
    if (!entry) return;
    entry->status = status;
    entry->answered = clock_().steady;
    changed_.notify_all();
}

void World::unanswered(std::uint64_t sequence, const std::string& why) {
    const Lock lock(mutex_);
    Entry* entry = journal_.find(sequence);
    if (!entry) return;
    entry->status = 0;
    entry->answered = {};
    entry->note = why;
    changed_.notify_all();
}

void World::add_faults(std::vector<Fault> faults) {
    const Lock lock(mutex_);
    if (faults_.all().size() + faults.size() > FaultSet::faults_max) {
        throw BadInput("faults", "there may be 1000 at most");
    }
    for (Fault& fault : faults)
        faults_.add(std::move(fault));
}

void World::clear_faults() {
    const Lock lock(mutex_);
    faults_.clear();
}

std::size_t World::remove_faults(const std::string& name) {
    const Lock lock(mutex_);
    return faults_.remove(name);
}

std::vector<FaultSet::Standing> World::faults() const {
    const Lock lock(mutex_);
    return faults_.all();
}

std::vector<Entry> World::journal_since(std::uint64_t sequence) const {
    const Lock lock(mutex_);
    return journal_.since(sequence);
}

std::uint64_t World::last_sequence() const {
    const Lock lock(mutex_);
    return journal_.last_sequence();
}

std::uint64_t World::dropped() const {
    const Lock lock(mutex_);
    return journal_.dropped();
}

void World::clear_journal() {
    const Lock lock(mutex_);
    journal_.clear();
}

Effects World::effects() const {
    const Lock lock(mutex_);
    return effects_;
}

Connections World::connections() const {
    const Lock lock(mutex_);
    return connections_;
}

boost::json::object World::settings() const {
    const Lock lock(mutex_);
    return api_->settings();
}

void World::change(const boost::json::object& settings) {
    const Lock lock(mutex_);
    api_->change(settings);
}

void World::reset() {
    const Lock lock(mutex_);
    api_->forget();
    faults_.clear();
    journal_.clear();
    effects_.clear();
}

bool World::wait_until(const Condition& condition, std::chrono::milliseconds give_up_after) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, give_up_after, [&] {
        return condition(journal_, effects_, connections_);
    });
}

}  // namespace simulator
