#include "proxy/setup.hpp"

#include "config/written.hpp"
#include "proxy/config_file.hpp"
#include "proxy/credential.hpp"
#include "proxy/feasible.hpp"

#include <openssl/evp.h>

#include <array>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace backstop::proxy {

namespace {

using Paths = std::vector<std::filesystem::path>;

constexpr const char* not_the_key =
    " What belongs here is the path of a file that holds the key, not the key";

void anchor(const std::string& config_file, std::string& path) {
    if (!path.empty()) path = path_beside(config_file, path).string();
}

// The same with paths that can be opened from anywhere.
config::Tls anchored(const std::string& config_file, const config::Tls& written) {
    config::Tls tls = written;
    anchor(config_file, tls.ca_file);
    anchor(config_file, tls.cert_file);
    anchor(config_file, tls.key_file);
    return tls;
}

Paths tls_files(const config::Tls& tls) {
    Paths files;
    for (const std::string& file : {tls.ca_file, tls.cert_file, tls.key_file})
        if (!file.empty()) files.emplace_back(file);
    return files;
}

// A pipe, such as /dev/stdin: what came out of it cannot be read again, and does not change.
bool is_stream(const std::filesystem::path& path) {
    std::error_code unknown;
    const auto type = std::filesystem::status(path, unknown).type();
    return type == std::filesystem::file_type::fifo ||
           type == std::filesystem::file_type::character;
}

void append_digest(std::string& all, const std::optional<std::string>& content) {
    all += content ? '+' : '-';
    if (!content) return;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(content->data(), content->size(), digest.data(), &size, EVP_sha256(), nullptr);
    all.append(digest.begin(), digest.begin() + size);
}

// For an upstream that has one.
CredentialSource credential_source(
    const std::string& config_file, const config::Config& config, std::size_t index
) {
    const config::Upstream& upstream = config.upstreams[index];
    CredentialSource source;
    source.upstream = upstream.name;
    source.file = path_beside(config_file, upstream.credential.file);
    source.prefix = upstream.credential.prefix;
    const std::string key = "credential.file";
    source.shown = config::path_of(config, index) + "." + key + " " +
                   config::shown(upstream, key, source.file.string());
    return source;
}

// Gathers what upstreams name, and what is wrong with it.
class Gatherer {
public:
    Gatherer(const std::string& file, std::ostream& errors, LoadedSetup& loaded)
        : file_(file), errors_(errors), loaded_(loaded) {}

    Material material(config::Config& config, std::size_t index) {
        config::Upstream& upstream = config.upstreams[index];
        const std::string path = config::path_of(config, index);
        Material material;
        if (upstream.target.tls) material.tls = tls(path, upstream);
        if (!upstream.credential.file.empty()) {
            const CredentialSource source = credential_source(file_, config, index);
            material.credential = credential(source, upstream.credential.file);
        }
        return material;
    }
    void wrong(const std::string& finding) {
        errors_ << file_ << ": error: " << finding << "\n";
        ++count_;
    }
    // True if nothing is wrong; else says how much is.
    bool good() {
        if (count_ > 0) errors_ << count_ << (count_ == 1 ? " error\n" : " errors\n");
        return count_ == 0;
    }

private:
    // Before they are used: what changes in between is found by the next look at them.
    std::string note(const Paths& files) {
        std::string digest = digest_of(files);
        loaded_.files.insert(loaded_.files.end(), files.begin(), files.end());
        loaded_.digest += digest;
        return digest;
    }

    std::shared_ptr<TlsContext> tls(const std::string& path, config::Upstream& upstream) {
        const config::Tls options = anchored(file_, upstream.tls);
        upstream.tls.digest = note(tls_files(options));
        try {
            return std::make_shared<TlsContext>(options, upstream.target.host);
        } catch (const UnusableFile& bad) {
            const std::string file = config::shown(upstream, bad.key, bad.file);
            wrong(path + "." + bad.key + " " + file + " " + bad.what());
        } catch (const std::runtime_error& error) {
            wrong(path + ": " + error.what());
        }
        return nullptr;
    }

    // `written`: the path before it was made one from the configuration's folder.
    std::string credential(const CredentialSource& source, const std::string& written) {
        CredentialRead read = read_credential(source.file, source.prefix);
        if (!read.problem.empty()) {
            std::error_code unknown;
            const bool perhaps_key = written.find('/') == std::string::npos &&
                                     !std::filesystem::exists(source.file, unknown);
            wrong(source.shown + " " + read.problem + (perhaps_key ? not_the_key : ""));
            note({source.file});
        }
        return std::move(read.value);
    }

    const std::string& file_;
    std::ostream& errors_;
    LoadedSetup& loaded_;
    int count_ = 0;
};

}  // namespace

std::vector<CredentialSource> credential_sources(
    const std::string& config_file, const config::Config& config
) {
    std::vector<CredentialSource> sources;
    for (std::size_t i = 0; i < config.upstreams.size(); ++i) {
        if (config.upstreams[i].credential.file.empty()) continue;
        sources.push_back(credential_source(config_file, config, i));
    }
    return sources;
}

LoadedSetup load_setup(const std::string& config_file) {
    LoadedSetup loaded;
    std::ostringstream errors;
    std::vector<FileRead> read;
    std::optional<config::Config> config = load_config_file(config_file, errors, &read);
    for (FileRead& file : read) {
        if (is_stream(file.path)) continue;
        loaded.files.push_back(std::move(file.path));
        append_digest(loaded.digest, file.content);
    }
    if (config) {
        auto setup = std::make_unique<Setup>();
        Gatherer gatherer(config_file, errors, loaded);
        for (const std::string& finding : infeasible(*config))
            gatherer.wrong(finding);
        for (std::size_t i = 0; i < config->upstreams.size(); ++i)
            setup->materials.push_back(gatherer.material(*config, i));
        setup->config = std::move(*config);
        if (gatherer.good()) loaded.setup = std::move(setup);
    }
    loaded.findings = std::move(errors).str();
    return loaded;
}

std::string digest_of(const Paths& files) {
    std::string all;
    for (const std::filesystem::path& file : files)
        append_digest(all, read_file(file));
    return all;
}

}  // namespace backstop::proxy
