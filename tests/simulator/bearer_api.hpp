#pragma once

// What the APIs have in common, written once: bearer keys that belong to accounts, a limit for each
// account, routes, idempotency keys, and the settings of all that. An API adds its routes and its
// words. A request is looked at in this order:
//
//   route (404, 405), key (401, 403), rate limit (429), an idempotency key used before (the stored
//   answer), and then whatever the route itself has to say.
//
// Every request with a valid key counts against the rate limit, unless it is refused by it. Only
// successful answers are stored under an idempotency key, by account, path and key, for 24 hours: a
// request that failed may be sent again with its key.

#include "tests/simulator/api.hpp"
#include "tests/simulator/rate_window.hpp"
#include "tests/simulator/stored_answers.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

class JsonReader;

class BearerApi : public Api {
public:
    Response answer(const Request& request, Moment now) override;
    Response error(int status, const Request& request, Moment now) final;
    Response rate_limited(std::chrono::seconds retry_after, const Request& request, Moment now)
        final;
    void forget() override { accounts_.clear(); }

    boost::json::object settings() const final;
    void change(const boost::json::object& settings) final;

    std::string_view idempotency_header() const final { return traits_.idempotency_header; }
    std::vector<std::string> effect_names() const final { return traits_.effects; }

protected:
    struct Tier {
        std::string_view name;
        std::int64_t limit;  // requests in a window
    };

    // What an API has, and what it has not: a setting of something that it has not is unknown.
    struct Traits {
        std::vector<Tier> tiers{};  // the first is in force until another is set
        RateWindow::Kind window = RateWindow::Kind::fixed;
        std::int64_t grace_percent = 0;    // over the limit before it blocks
        std::string_view key_prefix{};     // of the keys that are accepted until others are set
        bool restricted_keys = false;      // keys that may read and not write (403)
        bool conflicts = false;            // a duplicate gets 409, unless the setting is off
        std::string idempotency_header{};  // empty: it knows no such keys
        std::vector<std::string> effects{};
    };

    struct Call {
        const Request& request;
        std::string account{};
        std::vector<std::string> ids{};  // what stood in the place of each {} of the route
        Moment now{};
    };

    struct Route {
        std::string_view method{};
        std::string path{};  // "/v1/agents/{}"
        bool keyed = false;  // honours idempotency keys
        bool open = false;   // needs no bearer key, and does not count
        std::function<Response(const Call&)> act{};
    };

    enum class Refusal {
        no_route,
        wrong_method,
        no_key,
        unknown_key,
        revoked_key,
        restricted_key,
        key_reused  // an idempotency key, with another body
    };

    struct Usage {
        std::int64_t limit = 0;
        std::int64_t used = 0;
        std::chrono::milliseconds reset_in{};

        std::int64_t remaining() const { return used < limit ? limit - used : 0; }
    };

    BearerApi(Traits traits, std::uint64_t seed);

    void add_route(Route route) { routes_.push_back(std::move(route)); }

    // The API's words. `worded` is for faults: the error of that status without a cause.
    virtual Response refused(Refusal refusal, const Request& request, Moment now) = 0;
    virtual Response too_many(const Usage& usage, Moment now) = 0;
    virtual Response worded(int status, Moment now) = 0;

    // Adds the headers that every answer has; `account` is empty where the key is not valid.
    virtual void finish(Response& response, const std::string& account, Moment now) = 0;

    // What an API may have beyond. `read_own` changes nothing yet: what it returns does, once
    // nothing was wrong.
    virtual std::string presented_key(const Request& request) const;
    virtual bool same_key_any_body() const { return false; }
    virtual void on_breach(const Request&, Moment) {}
    virtual void show_own(boost::json::object&) const {}
    virtual std::function<void()> read_own(JsonReader& in);

    Usage usage_of(const std::string& account, Moment now);
    bool limits() const { return settings_.limits; }
    bool conflicts() const { return settings_.conflicts; }
    std::chrono::milliseconds window() const { return settings_.window; }
    std::string account_of(const Request& request) const;
    std::string new_id(std::string_view prefix);  // seeded

    // The reason phrase as a code word: service_unavailable.
    static std::string code_word(int status);

private:
    struct Account {
        explicit Account(RateWindow::Kind kind) : window(kind) {}

        RateWindow window;
        StoredAnswers answers{};
    };

    struct Settings {
        std::size_t tier = 0;
        std::optional<std::int64_t> limit{};  // instead of the tier's
        std::chrono::milliseconds window = std::chrono::minutes(1);
        bool limits = true;       // false: neither rate limit nor quota
        bool conflicts = true;    // false: acts twice where the real API answers 409
        bool honour_keys = true;  // false: idempotency keys are ignored
        std::map<std::string, std::string> keys{};  // to account
        std::set<std::string> revoked{};
        std::set<std::string> restricted{};
    };

    Account& account(const std::string& name);
    std::int64_t base_limit() const;
    Response admitted(const Request& request, Moment now);
    Response act(const Route& route, const Call& call);
    const Route* find_route(const Request& request, std::vector<std::string>& ids) const;
    std::string methods_of(const Request& request) const;
    std::optional<Refusal> key_refused(const Request& request) const;
    void read_tier(JsonReader& in, Settings& next) const;

    Traits traits_;
    Settings settings_;
    std::vector<Route> routes_;
    std::map<std::string, Account> accounts_;
    std::mt19937_64 random_;
};

// Adds the field unless the response has it already.
void add_field(Response& response, std::string_view name, std::string value);

}  // namespace simulator
