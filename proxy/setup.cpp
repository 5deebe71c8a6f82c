#include "proxy/setup.hpp"

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

// Gathers what upstreams name, and what is wrong with it.
class Gatherer {
public:
    Gatherer(const std::string& file, std::ostream& errors, LoadedSetup& loaded)
        : file_(file), errors_(errors), loaded_(loaded) {}

    Material material(config::Upstream& upstream) {
        const std::string path = "upstream." + upstream.name + ".";
        Material material;
        if (upstream.target.tls) material.tls = tls(path, upstream);
        if (!upstream.credential.file.empty())
            material.credential = credential(path, upstream.credential);
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
        } catch (const std::runtime_error& error) {
            wrong(path + error.what());
            return nullptr;
        }
    }

    std::string credential(const std::string& path, const config::Credential& credential) {
        const std::filesystem::path key = path_beside(file_, credential.file);
        CredentialRead read = read_credential(key, credential.prefix);
        if (!read.problem.empty()) {
            wrong(path + "credential.file " + credential.file + " " + read.problem);
            note({key});
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
    for (const config::Upstream& upstream : config.upstreams) {
        if (upstream.credential.file.empty()) continue;
        sources.push_back({
            upstream.name,
            path_beside(config_file, upstream.credential.file),
            upstream.credential.prefix,
        });
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
        for (config::Upstream& upstream : config->upstreams)
            setup->materials.push_back(gatherer.material(upstream));
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
