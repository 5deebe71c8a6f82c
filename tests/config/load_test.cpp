#include "config/load.hpp"

#include "config/dialects.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace backstop::config {
namespace {

using namespace std::chrono_literals;

std::string all(const std::vector<Diagnostic>& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics)
        text += to_string(diagnostic) + "\n";
    return text;
}

std::string upstream(const std::string& rest, const std::string& url = "https://api.example.com") {
    return "[[upstream]]\nname = \"api\"\nlisten = \"127.0.0.1:8080\"\nurl = \"" + url +
           "\"\ndialect = \"http\"\n" + rest;
}

Config loaded(const std::string& text, const Surroundings& surroundings = {}) {
    Loaded result = load(text, "test.toml", surroundings);
    EXPECT_TRUE(result.config) << all(result.diagnostics);
    return result.config.value_or(Config{});
}

Surroundings with(const std::map<std::string, std::string>& variables) {
    return {
        .environment = [variables](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end()) return std::nullopt;
            return found->second;
        },
        .read_file = {},
    };
}

TEST(Load, TakesTheSmallestConfig) {
    const Loaded result = load(
        R"([[upstream]]
name    = "sticky-calls"
listen  = "127.0.0.1:8080"
url     = "https://api.stickycalls.com"
dialect = "sticky-calls"        # built in, or the path of a TOML file
)",
        "backstop.toml",
        {}
    );
    ASSERT_TRUE(result.config) << all(result.diagnostics);
    EXPECT_EQ(all(result.diagnostics), "");
    const Upstream& read = result.config->upstreams.at(0);
    EXPECT_EQ(read.name, "sticky-calls");
    EXPECT_EQ(read.rules.upstream, "sticky-calls");
    EXPECT_EQ(read.target.authority, "api.stickycalls.com");
    EXPECT_EQ(read.rules.dialect->title, "Sticky Calls");
    EXPECT_EQ(result.config->admin.listen.at(0).text(), "127.0.0.1:9464");
    EXPECT_FALSE(result.config->admin.control);
}

TEST(Load, ReadsEveryKindOfValue) {
    const Config config = loaded(
        "[admin]\nlisten = \"0.0.0.0:9000\"\ncontrol = \"unix:/run/control.sock\"\n"
        "[log]\nlevel = \"warn\"\nformat = \"json\"\naccess = \"errors\"\n"
        "[limits]\nfields = 50\nhead_bytes = \"32KiB\"\nclient_idle = \"1m15s\"\n" +
        upstream("mode = \"observe\"\n"
                 "[upstream.retry]\nunsafe = \"never\"\nbackoff = { factor = 1.5 }\n"
                 "budget = { ratio = 1 }\n"
                 "[upstream.breaker]\nenabled = false\n"
                 "[upstream.tls]\nmin_version = \"1.3\"\nca_file = \"/etc/ca.pem\"\n")
    );
    EXPECT_EQ(config.admin.listen.at(0).text(), "0.0.0.0:9000");
    EXPECT_EQ(config.admin.control->unix_path, "/run/control.sock");
    EXPECT_EQ(config.log.level, LogLevel::warn);
    EXPECT_EQ(config.log.format, LogFormat::json);
    EXPECT_EQ(config.log.access, AccessLog::errors);
    EXPECT_EQ(config.limits.fields, 50);
    EXPECT_EQ(config.limits.head_bytes, 32768U);
    EXPECT_EQ(config.limits.client_idle, 75s);
    const Upstream& read = config.upstreams.at(0);
    EXPECT_EQ(read.rules.mode, policy::Mode::observe);
    EXPECT_EQ(read.rules.retry.unsafe, policy::Unsafe::never);
    EXPECT_EQ(read.rules.retry.backoff.factor, 1.5);
    EXPECT_EQ(read.rules.retry.backoff.base, 1s);
    EXPECT_EQ(read.rules.retry.budget.ratio, 1.0);
    EXPECT_FALSE(read.rules.breaker.enabled);
    EXPECT_EQ(read.tls.min_version, "1.3");
    EXPECT_EQ(read.tls.ca_file, "/etc/ca.pem");
}

TEST(Load, BindsLocalhostTwice) {
    const Config config = loaded(
        "[[upstream]]\nname = \"a\"\nlisten = \"localhost:8080\"\nurl = \"http://a.example\"\n"
        "dialect = \"http\"\n"
    );
    ASSERT_EQ(config.upstreams.at(0).listen.size(), 2U);
    EXPECT_EQ(config.upstreams[0].listen[0].text(), "127.0.0.1:8080");
    EXPECT_EQ(config.upstreams[0].listen[1].text(), "[::1]:8080");
}

TEST(Load, TakesValuesOfEveryKindFromTheEnvironment) {
    const Config config = loaded(
        upstream("[upstream.retry]\nattempts = \"${N}\"\nmax_wait = \"${W:-5s}\"\n"
                 "budget = { ratio = \"${R}\" }\n[upstream.breaker]\nenabled = \"${B}\"\n"),
        with({{"N", "7"}, {"R", "0.5"}, {"B", "false"}})
    );
    const policy::Rules& rules = config.upstreams.at(0).rules;
    EXPECT_EQ(rules.other.attempts, 7);
    EXPECT_EQ(rules.retry.max_wait, 5s);
    EXPECT_EQ(rules.retry.budget.ratio, 0.5);
    EXPECT_FALSE(rules.breaker.enabled);
}

TEST(Load, TakesTheEgressProxyOfTheConfigBeforeThatOfTheEnvironment) {
    const Surroundings surroundings =
        with({{"HTTPS_PROXY", "http://egress.example:3128"}, {"NO_PROXY", "internal.example"}});
    const auto egress = [&](const std::string& text) {
        return loaded(text, surroundings).upstreams.at(0).egress;
    };
    EXPECT_EQ(egress(upstream("")).value().host, "egress.example");
    EXPECT_EQ(egress(upstream("proxy = \"http://own.example\"\n")).value().host, "own.example");
    EXPECT_FALSE(egress(upstream("", "https://a.internal.example")));
    EXPECT_FALSE(egress(upstream("", "http://api.example.com")));
    EXPECT_FALSE(egress(upstream("", "https://127.0.0.1:8443")));
    EXPECT_FALSE(loaded(upstream("")).upstreams.at(0).egress);
    EXPECT_EQ(
        loaded(upstream(""), with({{"https_proxy", "egress.example:3128"}}))
            .upstreams.at(0)
            .egress.value()
            .port,
        3128
    );
}

TEST(Load, DoesNotShowAnEgressProxyFromTheEnvironment) {
    const Surroundings surroundings = with({{"HTTPS_PROXY", "http://u:hunter2@egress.example"}});
    const std::string printed = effective(loaded(upstream(""), surroundings));
    EXPECT_EQ(printed.find("hunter2"), std::string::npos);
    EXPECT_NE(printed.find("proxy = \"\"\n"), std::string::npos);
    const Loaded bad = load(upstream(""), "t", with({{"HTTPS_PROXY", "socks5://u:hunter2@e"}}));
    EXPECT_EQ(all(bad.diagnostics).find("hunter2"), std::string::npos);
    EXPECT_FALSE(bad.config);
}

TEST(Load, KeepsTheUrlAsWrittenForPeople) {
    const Config config =
        loaded(upstream("", "https://${TOKEN}.example.com"), with({{"TOKEN", "secret"}}));
    EXPECT_EQ(config.upstreams.at(0).url, "https://${TOKEN}.example.com");
    EXPECT_EQ(config.upstreams.at(0).target.host, "secret.example.com");
}

TEST(Load, ReadsEachDialectOnce) {
    const Config config = loaded(
        upstream("") +
        "[[upstream]]\nname = \"b\"\nlisten = \"127.0.0.1:8081\"\n"
        "url = \"https://b.example\"\ndialect = \"http\"\n"
    );
    EXPECT_EQ(config.upstreams.at(0).rules.dialect, config.upstreams.at(1).rules.dialect);
}

TEST(Load, AsksForFilesOnlyOfDialectsWithAPath) {
    std::vector<std::string> asked;
    const Surroundings surroundings{
        .environment = {},
        .read_file = [&](const std::string& path) -> std::optional<std::string> {
            asked.push_back(path);
            return "name = \"own\"\n";
        },
    };
    const auto dialect = [](const std::string& word) {
        return "[[upstream]]\nname = \"a\"\nlisten = \"127.0.0.1:1\"\nurl = \"http://a.example\"\n"
               "dialect = \"" +
               word + "\"\n";
    };
    loaded(dialect("http"), surroundings);
    EXPECT_TRUE(asked.empty());
    loaded(dialect("own.toml"), surroundings);
    loaded(dialect("./http"), surroundings);
    EXPECT_EQ(asked, (std::vector<std::string>{"own.toml", "./http"}));
}

TEST(BuiltinDialects, AreFiveAndNamedLikeTheirFiles) {
    std::string names;
    for (const BuiltinDialect& builtin : builtin_dialects()) {
        names += std::string(builtin.name) + " ";
        const LoadedDialect dialect = load_dialect(builtin.toml, builtin.name);
        EXPECT_EQ(all(dialect.diagnostics), "");
        ASSERT_TRUE(dialect.dialect);
        EXPECT_EQ(dialect.dialect->name, builtin.name);
        EXPECT_EQ(find_builtin_dialect(builtin.name), &builtin);
    }
    EXPECT_EQ(names, "sticky-calls levrage leavo truedy http ");
    EXPECT_EQ(find_builtin_dialect("acme"), nullptr);
}

TEST(BuiltinDialects, CanBePrintedAndLoadedFromAFile) {
    const BuiltinDialect* const builtin = find_builtin_dialect("levrage");
    ASSERT_NE(builtin, nullptr);
    EXPECT_TRUE(builtin->toml.starts_with("# Levrage"));
    const Surroundings surroundings{
        .environment = {},
        .read_file = [&](const std::string&) { return std::string(builtin->toml); },
    };
    const Config config = loaded(
        "[[upstream]]\nname = \"a\"\nlisten = \"127.0.0.1:1\"\nurl = \"http://a.example\"\n"
        "dialect = \"my/levrage.toml\"\n",
        surroundings
    );
    EXPECT_EQ(config.upstreams.at(0).rules.dialect->rules.size(), 9U);
}

TEST(FindDialect, TakesABuiltinNameOrAPath) {
    const ReadFile read_file = [](const std::string& path) -> std::optional<std::string> {
        if (path == "mine/acme.toml") return "name = \"acme\"";
        if (path == "bad.toml") return "nam = \"acme\"";
        return std::nullopt;
    };
    const auto find = [&](const std::string& word) { return find_dialect(word, word, read_file); };
    EXPECT_EQ(find("leavo").dialect->name, "leavo");
    EXPECT_EQ(find("mine/acme.toml").dialect->name, "acme");
    EXPECT_EQ(
        all(find("levo").diagnostics),
        "error: there is no built-in dialect 'levo'; did you mean 'leavo'?\n"
    );
    EXPECT_EQ(all(find("./leavo").diagnostics), "error: the file './leavo' cannot be read\n");
    EXPECT_EQ(find("bad.toml").dialect, nullptr);
    EXPECT_EQ(find("bad.toml").diagnostics.at(0).file, "bad.toml");
    EXPECT_EQ(find_dialect("leavo.toml", "leavo.toml", {}).dialect, nullptr);
}

TEST(FindDialect, NeverShowsAWordThatIsNotToBeShown) {
    const std::string found = all(find_dialect("stickycalls", "${SECRET}", {}).diagnostics);
    EXPECT_EQ(found.find("sticky"), found.find("sticky-calls"));
    EXPECT_NE(found.find("'${SECRET}'"), std::string::npos);
}

}  // namespace
}  // namespace backstop::config
