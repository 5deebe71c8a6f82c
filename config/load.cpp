#include "config/load.hpp"

#include "config/address.hpp"
#include "config/checks.hpp"
#include "config/document.hpp"
#include "config/reader.hpp"
#include "config/report.hpp"
#include "config/sections.hpp"
#include "config/substitute.hpp"
#include "config/upstream_reader.hpp"
#include "config/written.hpp"

#include <utility>

namespace backstop::config {
namespace {

void read_admin(Reader reader, Admin& admin) {
    constexpr unsigned short usual_port = 9464;
    admin.listen = {Address{.host = "127.0.0.1", .port = usual_port}};
    if (reader.has("listen")) admin.listen = read_addresses(reader, "listen");
    std::string control;
    reader.text("control", control);
    reader.done();
    if (control.empty()) return;
    ParsedAddress parsed = parse_address(control);
    const bool is_path = control.starts_with("unix:");
    if (!is_path)
        reader.error(
            "control",
            "must be a Unix socket, such as \"unix:/run/backstop/control.sock\": over TCP a forged "
            "request could reach it"
        );
    else if (!parsed.problem.empty())
        reader.error("control", parsed.problem);
    else
        admin.control = std::move(parsed.addresses.front());
}

void collect_top_level(const Node& root, Written& written) {
    for (const Node& member : root.members)
        if (member.kind == Node::Kind::table) collect_written(member, member.key, written);
}

void read_config(
    const Node& document, const Surroundings& surroundings, Report& report, Config& config
) {
    Reader root(&document, "", {}, report);
    read_admin(root.subtable("admin"), config.admin);
    describe_top_level(root, config);
    Dialects dialects(surroundings);
    std::vector<Reader> readers = root.tables("upstream");
    const Node* const written = root.find("upstream");
    const bool none =
        written == nullptr || (written->kind == Node::Kind::array && written->items.empty());
    if (none) root.error("upstream", "there is no [[upstream]]: nothing to forward to");
    for (Reader& reader : readers)
        config.upstreams.push_back(read_upstream(reader, dialects, surroundings));
    root.done();
    check_config(root, readers, config);
    collect_top_level(document, config.written);
}

}  // namespace

Loaded load(std::string_view toml, std::string_view name, const Surroundings& surroundings) {
    Document document = parse_document(toml, name);
    if (!document.root) return {std::nullopt, std::move(document.diagnostics)};
    Report report{std::string(name)};
    const Environment none = [](const std::string&) { return std::nullopt; };
    substitute_all(
        *document.root, toml, surroundings.environment ? surroundings.environment : none, report
    );
    Config config;
    read_config(*document.root, surroundings, report, config);
    if (report.failed()) return {std::nullopt, report.sorted()};
    return {std::move(config), report.sorted()};
}

Loaded load_defaults(const std::string& dialect, const ReadFile& read_file) {
    // First by itself, so that what is wrong with it is not said of a file that nobody has written.
    LoadedDialect found = find_dialect(dialect, dialect, read_file);
    if (!found.dialect) return {std::nullopt, std::move(found.diagnostics)};
    const std::string text =
        "[[upstream]]\nname = \"api\"\nlisten = \"127.0.0.1:8080\"\n"
        "url = \"https://api.invalid\"\ndialect = " +
        toml_literal(dialect) + "\n";
    return load(text, "the defaults", {.environment = {}, .read_file = read_file});
}

}  // namespace backstop::config
