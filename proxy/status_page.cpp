#include "proxy/status_page.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <openssl/evp.h>
#include <spdlog/fmt/fmt.h>

#include <array>
#include <initializer_list>
#include <iterator>
#include <numeric>

namespace backstop::proxy {
namespace {

namespace json = boost::json;

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
}

std::string number(double value) {
    return fmt::format("{:.6g}", value);
}

std::string text_of(const json::value& value) {
    if (const json::string* text = value.if_string()) return std::string(*text);
    if (const double* floating = value.if_double()) return number(*floating);
    return json::serialize(value);
}

// The member as text; empty where there is none.
std::string text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(json::string_view(name));
    return value != nullptr ? text_of(*value) : std::string();
}

std::string number(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(json::string_view(name));
    return value != nullptr ? number(value->to_number<double>()) : std::string();
}

const json::array& array_of(const json::object& object, std::string_view name) {
    static const json::array nothing;
    const json::value* value = object.if_contains(json::string_view(name));
    return value != nullptr ? value->as_array() : nothing;
}

// A column: its heading, and what stands in it for an object of the status: one member of it, or
// what `cell` makes of it.
struct Column {
    std::string_view head{};
    std::string_view member{};
    std::string (*cell)(const json::object&) = nullptr;
};

void append_cell(std::string& out, std::string_view text) {
    out += "<td>";
    append_escaped(out, text);
    out += "</td>";
}

void append_row(
    std::string& out, const json::object& object, std::initializer_list<Column> columns
) {
    out += "<tr>";
    for (const Column& column : columns) {
        append_cell(
            out, column.cell != nullptr ? column.cell(object) : text_of(object, column.member)
        );
    }
    out += "</tr>\n";
}

void begin_table(
    std::string& out, std::string_view caption, std::initializer_list<Column> columns
) {
    fmt::format_to(std::back_inserter(out), "<table><caption>{}</caption>\n<tr>", caption);
    for (const Column& column : columns)
        fmt::format_to(std::back_inserter(out), "<th>{}</th>", column.head);
    out += "</tr>\n";
}

void end_table(std::string& out) {
    out += "</table>\n";
}

void append_table(
    std::string& out,
    std::string_view caption,
    std::initializer_list<Column> columns,
    const json::array& objects
) {
    begin_table(out, caption, columns);
    for (const json::value& each : objects)
        append_row(out, each.as_object(), columns);
    end_table(out);
}

std::string breaker_text(const json::object& upstream) {
    const json::value* breaker = upstream.if_contains("breaker");
    if (breaker == nullptr) return {};
    std::string out = text_of(breaker->as_object(), "state");
    const std::string left = number(breaker->as_object(), "open_for_seconds");
    if (!left.empty()) out += ", probes in " + left + " s";
    return out;
}

std::string gate_text(const json::object& gate) {
    std::string out = text_of(gate, "scope");
    if (!gate.at("closed").as_bool()) return out + ": open";
    out += ": closed (" + text_of(gate, "kind") + "), opens in ";
    out += number(gate, "opens_in_seconds") + " s";
    return out + ", waiting: " + number(gate, "waiting");
}

std::string limit_text(const json::object& limit) {
    std::string out = text_of(limit, "scope") + ": ";
    const std::string remaining = number(limit, "remaining");
    out += (remaining.empty() ? "?" : remaining) + " left of ";
    const std::string allowed = number(limit, "limit");
    out += allowed.empty() ? "?" : allowed;
    return out + ", told at " + text_of(limit, "observed");
}

std::string quota_text(const json::object& upstream) {
    const json::value* quota = upstream.if_contains("quota");
    if (quota == nullptr) return "not told";
    const json::object& told = quota->as_object();
    return number(told, "remaining") + " left, told at " + text_of(told, "observed");
}

std::string sum_text(const json::object& upstream, std::string_view name) {
    const json::value* activity = upstream.if_contains("activity");
    if (activity == nullptr) return {};
    const json::array& slices = array_of(activity->as_object(), name);
    const double sum = std::accumulate(
        slices.begin(),
        slices.end(),
        0.0,
        [](double so_far, const json::value& each) { return so_far + each.to_number<double>(); }
    );
    return number(sum);
}

template <typename Text>  // std::string(const json::object&)
std::string joined(const json::array& all, Text text) {
    std::string out;
    for (const json::value& each : all) {
        if (!out.empty()) out += "; ";
        out += text(each.as_object());
    }
    return out.empty() ? "not told" : out;
}

void append_upstreams(std::string& out, const json::array& upstreams) {
    append_table(
        out,
        "Upstreams; attempts, retries and impaired answers of the last five minutes",
        {{"upstream", "name"},
         {"dialect", "dialect"},
         {"TLS", "tls"},
         {"breaker", {}, breaker_text},
         {"gates",
          {},
          [](const json::object& o) { return joined(array_of(o, "gates"), gate_text); }},
         {"limits",
          {},
          [](const json::object& o) { return joined(array_of(o, "limits"), limit_text); }},
         {"quota", {}, quota_text},
         {"attempts", {}, [](const json::object& o) { return sum_text(o, "attempts"); }},
         {"retries", {}, [](const json::object& o) { return sum_text(o, "retries"); }},
         {"impaired", {}, [](const json::object& o) { return sum_text(o, "impaired"); }},
         {"in flight", "in_flight"}},
        upstreams
    );
}

void append_failures(std::string& out, const json::array& failures) {
    append_table(
        out,
        "Answers that were not the API's own, since the start",
        {{"last", "last"},
         {"times", "count"},
         {"first", "first"},
         {"upstream", "upstream"},
         {"route",
          {},
          [](const json::object& o) { return text_of(o, "method") + " " + text_of(o, "route"); }},
         {"client got", "status"},
         {"outcome", "outcome"},
         {"reason", "reason"},
         {"attempts", "attempts"},
         {"API's code", "error_code"}},
        failures
    );
}

// Whatever is neither a list nor an upstream's: version, times, the configuration's state.
void append_facts(std::string& out, const json::object& status) {
    const auto append = [&out](std::string_view what, const json::value& value) {
        out += "<tr>";
        append_cell(out, what);
        append_cell(out, text_of(value));
        out += "</tr>\n";
    };
    begin_table(out, "The process", {{"what"}, {"value"}});
    for (const auto& [name, value] : status) {
        if (const json::object* group = value.if_object()) {
            for (const auto& [inner, each] : *group)
                append(std::string(name) + " " + std::string(inner), each);
        } else if (!value.is_array()) {
            append(name, value);
        }
    }
    end_table(out);
}

std::string tables(const json::object& status) {
    std::string out;
    append_upstreams(out, array_of(status, "upstreams"));
    append_failures(out, array_of(status, "failures"));
    append_facts(out, status);
    return out;
}

// What stands between the tags, to the byte: that is what a browser hashes.
std::string_view element(std::string_view page, std::string_view tag) {
    const std::string open = fmt::format("<{}>", tag);
    const std::size_t begin = page.find(open) + open.size();
    return page.substr(begin, page.find(fmt::format("</{}>", tag), begin) - begin);
}

// A hash as CSP Level 3 (2.3.1) writes it.
std::string hash_of(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64{};
    const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
    return "'sha256-" + std::string(base64.data(), base64.data() + length) + "'";
}

}  // namespace

std::string status_page(const StatusInput& input, policy::Moment now) {
    const std::string_view page = status_page_html();
    const std::size_t mark = page.find(tables_mark);
    std::string out(page.substr(0, mark));
    out += tables(status_object(input, now));
    out += page.substr(mark + tables_mark.size());
    return out;
}

std::string_view status_page_policy() {
    static const std::string policy =
        "default-src 'none'; script-src " + hash_of(element(status_page_html(), "script")) +
        "; style-src " + hash_of(element(status_page_html(), "style")) +
        "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'";
    return policy;
}

}  // namespace backstop::proxy
