// Reads values from where a dialect says they stand: in a header, in a parameter of one, or at a
// JSON Pointer of the decoded body.
#pragma once

#include "policy/delay.hpp"
#include "policy/dialect.hpp"
#include "policy/json_view.hpp"
#include "policy/message.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace backstop::policy {

class ResponseValues {
public:
    // Parses the body, if there is one. `head` outlives this.
    explicit ResponseValues(const ResponseHead& head);

    // The first of the sources that has a value which is not empty.
    std::optional<std::string> text(std::span<const Source> sources) const;
    // The first of the sources that has a number. Of a list, as in "100, 100;w=60", the first.
    std::optional<double> number(std::span<const Source> sources) const;
    // As written: not yet corrected by the clock, nor judged.
    std::optional<Delay> delay(const DelaySource& source, WallTime now) const;

private:
    std::optional<std::string_view> header(const Source& source) const;
    std::optional<std::string> text(const Source& source) const;
    std::optional<double> number(const Source& source) const;

    std::span<const Field> fields_;
    JsonView json_;
};

// What one place says of a delay.
struct DelayReading {
    bool covered = false;            // it is asked in responses of this status
    std::optional<Delay> written{};  // as written, if it can be read
    std::optional<Duration> wait{};  // from now on, if it is plausible
};
DelayReading read_delay(
    const ResponseValues& values,
    const DelaySource& source,
    int status,
    const ClockOffset& clock,
    Moment now
);

// Is the place asked in responses of this status?
bool covers(const DelaySource& source, int status);

}  // namespace backstop::policy
