#include "tests/simulator/leavo_stream.hpp"

#include "tests/simulator/iso_time.hpp"

#include <algorithm>
#include <utility>

namespace simulator {
namespace {

std::string dated(std::string_view event, Moment now) {
    return "event: " + std::string(event) + "\ndata: {\"ts\":\"" + iso_time(now.wall) + "\"}\n\n";
}

}  // namespace

void Conversation::tell(std::string_view event, const std::string& data) {
    const std::string id = std::to_string(last() + 1);
    events_.push_back("id: " + id + "\nevent: " + std::string(event) + "\ndata: " + data + "\n\n");
    if (events_.size() <= events_max) return;
    events_.pop_front();
    ++first_;
}

std::string Conversation::after(std::uint64_t number) const {
    std::string text;
    for (std::uint64_t next = std::max(first_, number + 1); next <= last(); ++next)
        text += events_[next - first_];
    return text;
}

LeavoStream::LeavoStream(
    std::shared_ptr<const Conversation> conversation, std::chrono::milliseconds heartbeat
)
    : conversation_(std::move(conversation)), heartbeat_(heartbeat), told_(conversation_->last()) {}

std::string LeavoStream::due(Moment now) {
    std::string text;
    if (!begun_) text = dated("connected", now);
    begun_ = true;
    text += conversation_->after(told_);
    told_ = conversation_->last();
    if (text.empty() && spoke_ + heartbeat_ <= now.steady) text = dated("heartbeat", now);
    if (!text.empty()) spoke_ = now.steady;
    return text;
}

}  // namespace simulator
