#include "tests/simulator/fault_set.hpp"

#include "tests/simulator/json_reader.hpp"

#include <utility>

namespace simulator {
namespace {

// Uniform in [0, 1), the same with every standard library.
double roll(std::mt19937_64& random) {
    return static_cast<double>(random() >> 11) * 0x1p-53;
}

bool decides_the_answer(FaultType type) {
    switch (type) {
        case FaultType::status:
        case FaultType::rate_limited:
        case FaultType::reset:
        case FaultType::hang:
        case FaultType::truncate:
        case FaultType::malformed:
            return true;
        case FaultType::latency:
        case FaultType::gzip:
        case FaultType::slow_body:
        case FaultType::close_idle:
        case FaultType::chunked:
            return false;
    }
    return false;
}

bool matches(const Fault& fault, const Request& request) {
    if (fault.stage == Stage::at_accept) return false;
    if (!fault.method.empty() && fault.method != request.method) return false;
    return request.path().starts_with(fault.path);
}

}  // namespace

void FaultSet::add(Fault fault) {
    if (faults_.size() >= faults_max) throw BadInput("faults", "too many");
    Standing standing;
    standing.fault = std::move(fault);
    standing.random.seed(seed_ + 0x9E3779B97F4A7C15U * ++added_);
    faults_.push_back(std::move(standing));
}

void FaultSet::clear() {
    faults_.clear();
    added_ = 0;
}

std::size_t FaultSet::remove(const std::string& name) {
    return std::erase_if(faults_, [&name](const Standing& each) {
        return each.fault.name == name;
    });
}

Disturbance FaultSet::draw(const Request& request) {
    Disturbance result;
    for (Standing& standing : faults_) {
        if (decides_the_answer(standing.fault.type) && result.main) continue;
        if (matches(standing.fault, request) && applies(standing)) apply(standing, result);
    }
    return result;
}

Disturbance FaultSet::draw_at_accept() {
    Disturbance result;
    for (Standing& standing : faults_) {
        if (standing.fault.stage != Stage::at_accept || result.main) continue;
        if (applies(standing)) apply(standing, result);
    }
    return result;
}

bool FaultSet::applies(Standing& standing) {
    const Fault& fault = standing.fault;
    if (standing.applied >= fault.count) return false;
    if (standing.matched++ < fault.skip) return false;
    if (fault.probability < 1 && roll(standing.random) >= fault.probability) return false;
    ++standing.applied;
    return true;
}

void FaultSet::apply(Standing& standing, Disturbance& to) {
    const Fault& fault = standing.fault;
    to.applied.push_back(fault.summary());
    switch (fault.type) {
        case FaultType::latency: {
            const double jitter = static_cast<double>(fault.jitter_ms.count() + 1);
            const auto extra = static_cast<std::int64_t>(roll(standing.random) * jitter);
            const auto wait = fault.ms + std::chrono::milliseconds(extra);
            (fault.stage == Stage::before_processing ? to.wait_before_processing
                                                     : to.wait_after_processing) += wait;
            break;
        }
        case FaultType::gzip:
            to.encoding = fault.encoding;
            to.encode_every_status = fault.every_status;
            break;
        case FaultType::slow_body:
            to.bytes_per_second = fault.bytes_per_second;
            break;
        case FaultType::close_idle:
            to.close_idle = fault.kind;
            break;
        case FaultType::chunked:
            to.chunked = true;
            break;
        default:
            to.main = fault;
            break;
    }
}

}  // namespace simulator
