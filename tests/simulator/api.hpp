#pragma once

// What an API is, to the simulator: it is given a request and the present, and answers. It owns
// what it remembers (callers, limits, keys) and nothing else: no socket, no clock, no fault. So
// each API is tested as a pure function with a clock that the test sets. A further API is one more
// class like this, named in make_api().

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

// The present, handed in. `steady` counts from the start of the simulator and never jumps; `wall`
// is for what an API says in dates.
struct Moment {
    std::chrono::milliseconds steady{};
    std::chrono::system_clock::time_point wall{};
};

struct Field {
    std::string name{};
    std::string value{};
};
using Fields = std::vector<Field>;

// The first field of that name, in any case of letters; nullptr where there is none.
const std::string* find_field(const Fields& fields, std::string_view name);

struct Request {
    std::string method{};
    std::string target{};
    Fields fields{};
    std::string body{};
    std::string address{};  // of the client, without its port

    std::string_view path() const;   // the target up to the question mark
    std::string_view query() const;  // what follows it
};

// Something that happened in the world: a call started, a call ended. These are what must not
// happen twice.
struct Effect {
    std::string name{};     // calls_started
    std::string subject{};  // the call's id
};

// A body without an end, such as server-sent events: asked again and again for what is to be sent
// by now, which may be nothing.
class Stream {
public:
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    virtual std::string due(Moment now) = 0;
};

// `note` goes to the journal only: why the answer is what it is, where its status does not say.
struct Response {
    int status = 200;
    Fields fields{};
    std::string body{};
    std::vector<Effect> effects{};
    std::string note{};
    std::shared_ptr<Stream> stream{};  // where there is one, it is the body
};

class Api {
public:
    Api() = default;
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;
    virtual ~Api() = default;

    virtual Response answer(const Request& request, Moment now) = 0;

    // For faults: an error as this API words it, and its answer to one who came too often. Neither
    // changes what the API remembers.
    virtual Response error(int status, const Request& request, Moment now) = 0;
    virtual Response rate_limited(
        std::chrono::seconds retry_after, const Request& request, Moment now
    ) = 0;

    // Forgets all that happened; settings stay.
    virtual void forget() = 0;

    // Settings by name, as /_sim/settings shows and takes them. change() throws BadInput, and then
    // nothing has changed.
    virtual boost::json::object settings() const = 0;
    virtual void change(const boost::json::object& settings) = 0;

    virtual std::string_view idempotency_header() const = 0;
    virtual std::vector<std::string> effect_names() const = 0;
};

// The API of that name: sticky-calls, levrage, leavo, truedy. Throws BadInput where there is none.
std::unique_ptr<Api> make_api(std::string_view name, std::uint64_t seed);

}  // namespace simulator
