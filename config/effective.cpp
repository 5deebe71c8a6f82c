// The configuration in force as TOML that can be loaded again. What came from ${} is printed as it
// was written, and userinfo is made unreadable; everything else is the value.
#include "config/load.hpp"
#include "config/sections.hpp"
#include "config/writer.hpp"
#include "config/written.hpp"
#include "policy/verdict.hpp"

namespace backstop::config {
namespace {

std::string array(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values)
        text += (text.empty() ? "" : ", ") + toml_literal(value);
    return "[" + text + "]";
}

std::string addresses(const std::vector<Address>& values) {
    std::vector<std::string> texts;
    texts.reserve(values.size());
    for (const Address& address : values)
        texts.push_back(address.text());
    return texts.size() == 1 ? toml_literal(texts.front()) : array(texts);
}

std::string fallback(const policy::Fallback& value) {
    std::vector<std::string> reasons;
    for (const policy::Reason reason : value.on)
        reasons.emplace_back(word(reason));
    std::string text = "{on = " + array(reasons) + ", status = " + std::to_string(value.status) +
                       ", content_type = " + toml_literal(value.content_type);
    if (!value.body.empty()) text += ", body = " + toml_literal(value.body.text());
    return text + "}";
}

void write_route(std::string& out, const policy::Route& source, const Written& written) {
    policy::Route route = source;
    std::string match = (route.method.empty() ? "" : route.method + " ") + route.path.text();
    out += "\n[[upstream.route]]\n";
    Writer writer(out, "upstream.route", route_prefix(match), written);
    writer.text("match", match);
    writer.flag("keyed", route.keyed);
    writer.text("natural_id", route.natural_id);
    writer.duration("deadline", route.deadline, {}, {});
    writer.duration("attempt", route.attempt, {}, {});
    writer.count("attempts", route.attempts, 0, 0);
    writer.flag("idempotent", route.idempotent);
    writer.text("scope", route.scope);
    std::string fallbacks;
    for (const policy::Fallback& value : route.fallbacks)
        fallbacks += (fallbacks.empty() ? "" : ", ") + fallback(value);
    writer.line("fallback", "[" + fallbacks + "]");
}

void write_upstream(std::string& out, const Upstream& source) {
    Upstream upstream = source;
    out += "\n[[upstream]]\n";
    Writer writer(out, "upstream", "", upstream.written);
    writer.text("name", upstream.name);
    writer.line("listen", addresses(upstream.listen));
    writer.text("url", upstream.url);
    writer.text("dialect", upstream.dialect);
    writer.line("proxy", toml_literal(upstream.proxy));
    describe_upstream(writer, upstream);
    for (const policy::Route& route : upstream.rules.routes)
        write_route(out, route, upstream.written);
}

}  // namespace

std::string effective(const Config& config) {
    Config copy = config;
    std::string out = "[admin]\n";
    Writer admin(out, "admin", "admin", config.written);
    admin.line("listen", addresses(config.admin.listen));
    admin.line("control", toml_text(config.admin.control ? config.admin.control->text() : ""));
    Writer writer(out, "", "", config.written);
    describe_top_level(writer, copy);
    for (const Upstream& upstream : config.upstreams)
        write_upstream(out, upstream);
    return out;
}

}  // namespace backstop::config
