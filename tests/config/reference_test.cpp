// docs/CONFIG.md has every key with its default, and no other, and docs/DIALECTS.md every key of a
// dialect. What they say is loaded and compared with the program, so that it cannot rot.
#include "config/dialects.hpp"
#include "config/document.hpp"
#include "config/load.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace backstop::config {
namespace {

std::string read_page(const std::string& name = "CONFIG.md") {
    std::ifstream file(DOCS_FOLDER "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The first fenced block after `marker`.
std::string block_after(const std::string& page, const std::string& marker) {
    const std::string fence = "```toml\n";
    const std::size_t begin = page.find(fence, page.find(marker)) + fence.size();
    return page.substr(begin, page.find("```", begin) - begin);
}

Loaded load_without_mistakes(const std::string& text) {
    Loaded loaded = load(text, "docs/CONFIG.md", {});
    for (const Diagnostic& found : loaded.diagnostics)
        ADD_FAILURE() << to_string(found);
    return loaded;
}

void collect_keys(const Node& node, const std::string& path, std::set<std::string>& keys) {
    for (const Node& member : node.members) {
        keys.insert(path + member.key);
        collect_keys(member, path + member.key + ".", keys);
    }
    for (const Node& item : node.items)
        collect_keys(item, path, keys);
}

std::set<std::string> keys_of(const std::string& toml) {
    std::set<std::string> keys;
    const Document document = parse_document(toml, "text");
    if (!document.root) ADD_FAILURE() << "not TOML:\n" << toml;
    if (document.root) collect_keys(*document.root, "", keys);
    return keys;
}

// "a, b and c"
std::vector<std::string> words_of(const std::string& list) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : list + " ") {
        if (c != ' ' && c != ',') {
            word += c;
            continue;
        }
        if (!word.empty() && word != "and") words.push_back(word);
        word.clear();
    }
    return words;
}

TEST(Reference, SaysTheDefaults) {
    const std::string reference = block_after(read_page(), "<!-- reference -->");
    Loaded documented = load_without_mistakes(reference);
    ASSERT_TRUE(documented.config);
    const Loaded smallest = load_without_mistakes(
        "[[upstream]]\nname = \"api\"\nlisten = \"127.0.0.1:8080\"\n"
        "url = \"https://api.example.com\"\ndialect = \"http\"\n"
    );
    documented.config->upstreams.at(0).rules.routes.clear();  // the example
    EXPECT_EQ(effective(*documented.config), effective(*smallest.config));
}

TEST(Reference, HasEveryKeyAndNoOther) {
    const std::string reference = block_after(read_page(), "<!-- reference -->");
    const Loaded documented = load_without_mistakes(reference);
    ASSERT_TRUE(documented.config);
    EXPECT_EQ(keys_of(reference), keys_of(effective(*documented.config)));
}

TEST(Reference, StartsWithAConfigThatWorks) {
    const Loaded loaded = load_without_mistakes(block_after(read_page(), "The smallest one"));
    EXPECT_TRUE(loaded.config);
}

// Without a config the structs have the same defaults as with one.
TEST(Reference, AgreesWithTheStructs) {
    const Loaded smallest = load_without_mistakes(
        "[[upstream]]\nname = \"\"\"api\"\"\"\nlisten = \"127.0.0.1:8080\"\n"
        "url = \"https://api.example.com\"\ndialect = \"http\"\n"
    );
    Config bare;
    bare.admin.listen = smallest.config->admin.listen;
    Upstream upstream;
    const Upstream& read = smallest.config->upstreams.at(0);
    upstream.name = read.name;
    upstream.listen = read.listen;
    upstream.url = read.url;
    upstream.dialect = read.dialect;
    bare.upstreams.push_back(upstream);
    EXPECT_EQ(effective(bare), effective(*smallest.config));
}

// Every key that a dialect can have: what reading the page's example asks for is what it holds.
TEST(DialectReference, IsADialect) {
    const std::string example = block_after(read_page("DIALECTS.md"), "<!-- reference -->");
    const LoadedDialect loaded = load_dialect(example, "docs/DIALECTS.md");
    for (const Diagnostic& found : loaded.diagnostics)
        ADD_FAILURE() << to_string(found);
    ASSERT_TRUE(loaded.dialect);
    EXPECT_EQ(loaded.dialect->routes.at(0).fallbacks.value().at(0).on.size(), 2U);
}

// A misspelt key is answered with the nearest one, or with all there are: none may be missing on
// the page.
TEST(DialectReference, HasEveryKey) {
    const std::string page = read_page("DIALECTS.md");
    const std::set<std::string> keys = keys_of(block_after(page, "<!-- reference -->"));
    const std::pair<const char*, const char*> tables[] = {
        {"", ""},
        {"[error]\n", "error."},
        {"[[rule]]\n", "rule."},
        {"[[delay]]\n", "delay."},
        {"[[limit]]\n", "limit."},
        {"[quota]\n", "quota."},
        {"[local_error]\n", "local_error."},
        {"[[route]]\n", "route."},
        {"[[route]]\n[[route.fallback]]\n", "route.fallback."},
    };
    for (const auto& [header, prefix] : tables) {
        SCOPED_TRACE(header);
        const std::string wrong = "zzzzzzzzzzzzzzz";
        const LoadedDialect loaded = load_dialect(header + wrong + " = 1\n", "x");
        for (const Diagnostic& found : loaded.diagnostics) {
            const std::size_t list = found.message.find("there is: ");
            if (found.message.find("unknown key") != 0 || list == std::string::npos) continue;
            for (const std::string& key : words_of(found.message.substr(list + 10)))
                EXPECT_TRUE(keys.contains(prefix + key)) << prefix << key;
        }
    }
}

}  // namespace
}  // namespace backstop::config
