#include "config/routes.hpp"

#include "config/route_reader.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace backstop::config {
namespace {

using policy::Dialect;
using policy::Route;
using policy::RouteShape;

// A route of the config, with its table for what is found out later.
struct WrittenRoute {
    Reader reader;
    ReadRoute route;
    bool used = false;  // as a change of one of the dialect's
};

struct Entry {
    Match match;
    Route route;
    Reader* reader = nullptr;  // null: the dialect's own

    std::string shown() const {
        return reader ? reader->shown("match", "'" + to_string(match) + "'")
                      : "'" + to_string(match) + "'";
    }
};

void apply(const RouteShape& shape, Route& route) {
    if (shape.keyed) route.keyed = *shape.keyed;
    if (!shape.natural_id.empty()) route.natural_id = shape.natural_id;
    if (shape.deadline) route.deadline = *shape.deadline;
    if (shape.attempt) route.attempt = *shape.attempt;
    if (shape.attempts) route.attempts = *shape.attempts;
    if (shape.idempotent) route.idempotent = *shape.idempotent;
    if (shape.scope) route.scope = *shape.scope;
    if (shape.fallbacks) route.fallbacks = *shape.fallbacks;
}

Entry make_entry(const Match& match, const Route& other) {
    Entry entry{.match = match, .route = other};
    entry.route.method = match.method;
    entry.route.path = match.path;
    entry.route.label = match.path.text();
    return entry;
}

// Applies the config's own words to a route, and says what does not fit.
void change(Entry& entry, WrittenRoute& written, const Dialect& dialect) {
    const RouteShape& shape = written.route.shape;
    apply(shape, entry.route);
    entry.reader = &written.reader;
    const bool sound = written.reader.sound("attempt") && written.reader.sound("deadline");
    if (sound && shape.attempt && *shape.attempt > entry.route.deadline)
        written.reader.error(
            "attempt",
            "is longer than the route's deadline of " +
                written.reader.shown("deadline", print_duration(entry.route.deadline))
        );
    if (shape.keyed.value_or(false) && dialect.key_header.empty())
        written.reader.error(
            "keyed", "the dialect '" + dialect.name + "' knows no idempotency header to send"
        );
}

std::deque<WrittenRoute> read_written(Reader& reader, const Dialect& dialect) {
    std::deque<WrittenRoute> result;
    for (Reader& table : reader.tables("route")) {
        std::optional<ReadRoute> route = read_route(table);
        if (!route) continue;
        route->match = without_base_path(route->match, dialect.base_path);
        const bool twice =
            std::any_of(result.begin(), result.end(), [&](const WrittenRoute& before) {
                return same(before.route.match, route->match);
            });
        if (twice) table.error("match", "there is already a route with this match");
        result.push_back({std::move(table), std::move(*route)});
    }
    return result;
}

void warn_of_shadows(const std::vector<Entry>& entries) {
    for (std::size_t later = 1; later < entries.size(); ++later) {
        const Entry& entry = entries[later];
        const auto first = std::find_if(
            entries.begin(),
            entries.begin() + static_cast<std::ptrdiff_t>(later),
            [&](const Entry& before) { return covers(before.match, entry.match); }
        );
        if (first == entries.begin() + static_cast<std::ptrdiff_t>(later)) continue;
        if (same(first->match, entry.match)) continue;  // an error already
        if (entry.reader)
            entry.reader->warning(
                "match",
                "can never match: " + first->shown() + " before it takes all of its requests"
            );
        else if (first->reader)
            first->reader->warning(
                "match",
                "takes all requests of the dialect's " + entry.shown() +
                    ", which can no longer match; repeat that route before this one to keep it"
            );
    }
}

// [upstream.timeout] does not reach a route of which the dialect itself says how long it may take.
void warn_of_kept_deadlines(
    Reader& reader, const Upstream& upstream, const std::vector<Entry>& entries
) {
    Reader timeout = reader.subtable("timeout");
    if (!timeout.has("deadline")) return;
    for (const RouteShape& shape : upstream.rules.dialect->routes) {
        if (!shape.deadline || *shape.deadline <= upstream.rules.other.deadline) continue;
        const ParsedMatch parsed = parse_match(shape.match);
        const auto entry =
            std::find_if(entries.begin(), entries.end(), [&](const Entry& candidate) {
                return same(candidate.match, parsed.match);
            });
        if (entry->reader && entry->reader->has("deadline")) continue;
        timeout.warning(
            "deadline",
            "the dialect gives '" + shape.match + "' " + print_duration(*shape.deadline) +
                ", which this does not change; to change it, name it in [[upstream.route]]"
        );
    }
}

}  // namespace

void read_routes(Reader& reader, Upstream& upstream) {
    const Dialect& dialect = *upstream.rules.dialect;
    std::deque<WrittenRoute> written = read_written(reader, dialect);
    std::vector<Entry> of_dialect;
    for (const RouteShape& shape : dialect.routes) {
        Entry entry = make_entry(parse_match(shape.match).match, upstream.rules.other);
        apply(shape, entry.route);
        const auto changed =
            std::find_if(written.begin(), written.end(), [&](const auto& candidate) {
                return same(candidate.route.match, entry.match);
            });
        if (changed != written.end()) {
            changed->used = true;
            change(entry, *changed, dialect);
        }
        of_dialect.push_back(std::move(entry));
    }
    std::vector<Entry> entries;
    for (WrittenRoute& route : written) {
        if (route.used) continue;
        Entry entry = make_entry(route.route.match, upstream.rules.other);
        change(entry, route, dialect);
        entries.push_back(std::move(entry));
    }
    std::move(of_dialect.begin(), of_dialect.end(), std::back_inserter(entries));
    warn_of_shadows(entries);
    warn_of_kept_deadlines(reader, upstream, entries);
    for (Entry& entry : entries) {
        entry.route.attempt = std::min(entry.route.attempt, entry.route.deadline);
        upstream.rules.routes.push_back(std::move(entry.route));
    }
}

}  // namespace backstop::config
