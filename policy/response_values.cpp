#include "policy/response_values.hpp"

#include "policy/field_parameter.hpp"
#include "policy/number.hpp"

namespace backstop::policy {
namespace {

struct AsDelay {
    DelayFormat format;
    WallTime now;

    std::optional<Delay> operator()(bool /*value*/) const { return std::nullopt; }
    std::optional<Delay> operator()(const std::string& value) const {
        return parse_delay(format, value, now);
    }
    template <typename Number>
    std::optional<Delay> operator()(Number value) const {
        return parse_delay(format, static_cast<double>(value));
    }
};

}  // namespace

ResponseValues::ResponseValues(const ResponseHead& head)
    : fields_(head.fields), json_(head.body.empty() ? JsonView{} : JsonView::parse(head.body)) {}

std::optional<std::string> ResponseValues::text(std::span<const Source> sources) const {
    for (const Source& source : sources) {
        auto found = text(source);
        if (found && !found->empty()) return found;
    }
    return std::nullopt;
}

std::optional<double> ResponseValues::number(std::span<const Source> sources) const {
    for (const Source& source : sources)
        if (const auto found = number(source)) return found;
    return std::nullopt;
}

std::optional<Delay> ResponseValues::delay(const DelaySource& source, WallTime now) const {
    if (source.source.place == Source::Place::header) {
        const auto value = header(source.source);
        return value ? parse_delay(source.format, *value, now) : std::nullopt;
    }
    const auto scalar = json_.scalar(source.source.name);
    return scalar ? std::visit(AsDelay{source.format, now}, *scalar) : std::nullopt;
}

std::optional<std::string_view> ResponseValues::header(const Source& source) const {
    const auto value = find_header(fields_, source.name);
    if (!value || source.parameter.empty()) return value;
    // Of several windows the tightest, which the IETF draft's RateLimit tells.
    const auto windows = find_header(fields_, "RateLimit");
    return find_parameter(*value, source.parameter, tightest_window(windows.value_or("")));
}

std::optional<std::string> ResponseValues::text(const Source& source) const {
    if (source.place == Source::Place::json) return json_.text(source.name);
    const auto value = header(source);
    if (!value) return std::nullopt;
    return std::string(*value);
}

std::optional<double> ResponseValues::number(const Source& source) const {
    if (source.place == Source::Place::json) return json_.number(source.name);
    const auto value = header(source);
    if (!value) return std::nullopt;
    return decimal(trimmed(value->substr(0, value->find_first_of(",;"))));
}

DelayReading read_delay(
    const ResponseValues& values,
    const DelaySource& source,
    int status,
    const ClockOffset& clock,
    Moment now
) {
    DelayReading read{.covered = covers(source, status)};
    if (read.covered) read.written = values.delay(source, now.wall);
    if (read.written) read.wait = delay_from(*read.written, clock, now);
    return read;
}

bool covers(const DelaySource& source, int status) {
    return source.statuses.empty() || source.statuses.contains(status);
}

}  // namespace backstop::policy
