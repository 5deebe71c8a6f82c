// A configuration with everything that it names: dialects, certificates, keys. Loading it is the
// same for `run`, `check` and a reload; it opens no socket, and may run on a thread of its own.
#pragma once

#include "config/config.hpp"
#include "proxy/tls.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace backstop::proxy {

// What the files hold that one upstream names.
struct Material {
    std::shared_ptr<TlsContext> tls{};  // null: plain
    std::string credential{};           // value of the header; empty: none is added
};

struct Setup {
    config::Config config{};
    std::vector<Material> materials{};  // as config.upstreams
};

// Where to read an upstream's key again, without the rest.
struct CredentialSource {
    std::string upstream{};
    std::filesystem::path file{};
    std::string prefix{};
    std::string shown{};  // the key and the file, as messages name them: never what came from ${}
};

struct LoadedSetup {
    std::unique_ptr<Setup> setup{};  // null: there is an error among the findings
    std::string findings{};          // errors and warnings, one line each, and how many
    // Whatever was read or should have been: a change to one of them is a reason to load again. A
    // good key is not among them, since it can be read by itself.
    std::vector<std::filesystem::path> files{};
    std::string digest{};  // of what they held then; compare with digest_of(files)
};

// Paths in the configuration start at its folder.
LoadedSetup load_setup(const std::string& config_file);

std::vector<CredentialSource> credential_sources(
    const std::string& config_file, const config::Config& config
);

// Of what these files hold now, one after the other; a file that cannot be read counts as such.
std::string digest_of(const std::vector<std::filesystem::path>& files);

}  // namespace backstop::proxy
