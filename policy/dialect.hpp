// A dialect: how one API speaks of errors, delays, limits, quota and idempotency. Data only; it is
// read from a TOML file (config/dialects/*.toml), so that a fifth API needs no C++.
//
// Where a value can stand in a header or in the body, a Source names the place: a header name, or a
// JSON Pointer (RFC 6901) into the decoded error body.
#pragma once

#include "policy/json_template.hpp"
#include "policy/status_set.hpp"
#include "policy/time.hpp"
#include "policy/verdict.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace backstop::policy {

// How a delay is written.
enum class DelayFormat {
    seconds,          // 42, 0.5, "42"
    milliseconds,     // 1500
    seconds_or_date,  // Retry-After (RFC 9110 10.2.3): delta-seconds or an HTTP-date
    http_date,        // the three forms of RFC 9110 5.6.7
    iso8601,          // 2026-02-08T12:01:00.000Z
    epoch_seconds,    // 1706140800
    epoch_milliseconds,
    duration,   // "1m30s"
    automatic,  // seconds (a number of 1e9 or more: an epoch), HTTP-date, ISO 8601 or duration
};

struct Source {
    enum class Place {
        header,
        json
    };
    Place place = Place::header;
    std::string name;  // header name, or JSON Pointer
    // Headers only: the value stands in this parameter of a structured field (RFC 9651), as the `t`
    // of `RateLimit: "default";r=0;t=30`, or under this key of a dictionary (`reset=30`). Of
    // several windows in one field the one with the least remaining counts.
    std::string parameter{};
};

// One place where the API says how long to wait. Sources are tried in order; the first that parses
// and is plausible (0 to 24 h) is the hint.
struct DelaySource {
    Source source;
    DelayFormat format = DelayFormat::seconds;
    StatusSet statuses{};  // empty: whatever the status
};

// When a rule may send again.
enum class Retry {
    never,
    repeatable,  // repeatable requests only
    always,      // the API says that it did not act
};

// First match wins; what no rule matches is judged by HTTP itself: below 400 ok; 402 quota spent;
// 421 refused (RFC 9110 15.5.20); 429 rate limited (RFC 6585); other 4xx rejected; 5xx, and
// statuses that are none, transient for repeatable requests.
struct Rule {
    std::string name;
    StatusSet statuses{};              // empty: any status from 400 on
    std::vector<std::string> codes{};  // empty: any; else the error code must be one of these
    std::string contains{};            // empty, or a text that the body must contain, without case
    Verdict means = Verdict::transient;
    Retry retry = Retry::repeatable;
    std::optional<Duration> wait_default{};  // hint where the API sends none
    std::optional<Duration> wait_min{};      // the hint is at least this (Levrage 503: 30 s)
    std::optional<Duration> wait_max{};      // with wait_min and no hint: uniform between the two
    double timeout_factor = 1.0;             // the next attempt's time is multiplied by this
};

// Where an error body carries what we log and decide on.
struct ErrorShape {
    std::vector<Source> code{};  // first found wins
    std::vector<Source> request_id{};
};

// One window that the API tells us about.
struct LimitShape {
    std::string scope = "default";
    std::vector<Source> limit{};
    std::vector<Source> remaining{};
    std::vector<Source> used{};        // where the API says used instead of remaining
    std::vector<DelaySource> reset{};  // until when the window runs; first that parses wins
    Duration window = std::chrono::seconds(60);  // where the API sends no reset
};

struct QuotaShape {
    std::vector<Source> remaining{};
    std::vector<Source> required{};
    std::vector<Source> reason{};        // why a 402
    std::vector<std::string> reasons{};  // closed list; anything else is `other`
};

// How errors of our own look to this API's callers.
struct LocalErrorShape {
    std::string content_type = "application/json";
    JsonTemplate body{};
    // Statuses whose envelope has more fields (Sticky Calls: `details.issues` of a 400, which its
    // callers iterate over, and `retryAfter` of a 429).
    std::map<int, JsonTemplate> bodies{};
    std::map<int, std::string> codes{};  // the API's code word for each status
    std::string default_code{};
    // Extra fields of a 429 or 503 of ours, e.g. {"X-RateLimit-Reset", "{{reset_epoch}}"}.
    std::vector<std::pair<std::string, std::string>> headers{};
};

// A response of ours that stands in for the upstream's, on one route, for the reasons it lists.
struct Fallback {
    std::vector<Reason> on{};
    int status = 200;
    std::string content_type = "application/json";
    JsonTemplate body{};
};

// What the dialect knows of one route; [[upstream.route]] in the config overrides it.
struct RouteShape {
    std::string match;            // "POST /v1/calls/{id}"
    std::optional<bool> keyed{};  // the API honours the idempotency header here
    std::string natural_id{};     // JSON Pointer of the body's unique id, for derived keys
    std::optional<Duration> deadline{};
    std::optional<Duration> attempt{};
    std::optional<int> attempts{};
    std::optional<bool> idempotent{};
    std::optional<std::string> scope{};
    std::optional<std::vector<Fallback>> fallbacks{};  // set and empty: none
};

struct Dialect {
    std::string name;
    std::string title;                // as its vendor writes it
    std::string base_path{};          // taken off the client's path before routes are matched
    std::string key_header{};         // empty: the API has no idempotency header
    bool limits_per_address = false;  // throttles by address, not by credential (Levrage)
    std::optional<Duration> deadline{};
    std::optional<Duration> attempt{};
    std::vector<Rule> rules{};
    std::vector<DelaySource> delays{};
    ErrorShape error{};
    std::vector<LimitShape> limits{};
    QuotaShape quota{};
    LocalErrorShape local_error{};
    std::vector<RouteShape> routes{};
};

}  // namespace backstop::policy
