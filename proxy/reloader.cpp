#include "proxy/reloader.hpp"

#include "proxy/credential.hpp"
#include "proxy/log.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <sstream>
#include <system_error>
#include <utility>

namespace backstop::proxy {

namespace {

// How much of what is wrong the status shows; the log has it all.
constexpr std::size_t problems_shown = 20;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

std::string text_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    return text;
}

}  // namespace

struct Reloader::Job {
    std::string config_file{};
    bool forced = false;
    std::vector<std::filesystem::path> files{};
    std::string digest{};
    std::vector<CredentialSource> keys{};
};

struct Reloader::Found {
    std::vector<std::pair<CredentialSource, CredentialRead>> keys{};
    std::optional<LoadedSetup> loaded{};  // nothing: the files hold what they held before
};

Reloader::Reloader(Executor executor, Reloadable& host, std::string config_file, LoadedSetup loaded)
    : executor_(executor),
      host_(host),
      config_file_(std::move(config_file)),
      watch_(executor, [this] { look_soon(); }),
      files_(std::move(loaded.files)),
      digest_(std::move(loaded.digest)) {}

Reloader::~Reloader() {
    stop();
}

void Reloader::stop() {
    alive_.reset();
    watch_.stop();
    if (thread_.joinable()) thread_.join();
    waiting_.clear();
    served_.clear();
}

void Reloader::start() {
    settle();
    watch();
    look_soon();  // for what has changed since it was loaded
}

void Reloader::request(Done done) {
    waiting_.push_back(std::move(done));
    if (!busy_) begin();
}

void Reloader::look_soon() {
    again_ = true;
    if (!busy_) begin();
}

void Reloader::begin() {
    Job job;
    job.config_file = config_file_;
    job.forced = !waiting_.empty();
    job.files = files_;
    job.digest = digest_;
    job.keys = host_.credentials();
    served_ = std::exchange(waiting_, {});
    again_ = false;
    busy_ = true;
    auto work = [this, job = std::move(job), alive = std::weak_ptr<bool>(alive_), to = executor_] {
        auto found = std::make_shared<Found>();
        look(job, *found);
        asio::post(to, [this, alive, found] {
            if (!alive.expired()) finish(*found);
        });
    };
    try {
        thread_ = std::thread(work);
    } catch (const std::system_error&) {
        work();  // no thread to be had: better a pause than a key that is never changed
    }
}

// On the thread of its own: touches nothing but its arguments.
void Reloader::look(const Job& job, Found& found) {
    for (const CredentialSource& key : job.keys)
        found.keys.emplace_back(key, read_credential(key.file, key.prefix));
    if (!job.forced && digest_of(job.files) == job.digest) return;
    try {
        found.loaded = load_setup(job.config_file);
    } catch (const std::exception& error) {
        found.loaded.emplace();
        found.loaded->findings = job.config_file + ": error: " + error.what() + "\n";
        found.loaded->files = job.files;
    }
}

void Reloader::finish(Found& found) {
    if (thread_.joinable()) thread_.join();
    busy_ = false;
    take_keys(found);
    if (found.loaded) take_setup(found);
    watch();
    if (again_ || !waiting_.empty()) begin();
}

void Reloader::take_keys(const Found& found) {
    std::map<std::string, std::string> problems;
    for (const auto& [key, read] : found.keys) {
        if (!read.problem.empty()) {
            problems[key.upstream] = key.shown + " " + read.problem;
        } else {
            host_.renew_credential(key.upstream, read.value);
        }
    }
    const auto before = std::exchange(key_problems_, std::move(problems));
    if (key_problems_ == before) return;
    for (const auto& [upstream, problem] : key_problems_) {
        const auto known = before.find(upstream);
        if (known != before.end() && known->second == problem) continue;
        log::error(
            "the new key cannot be used; the old one stays in use",
            {{"upstream", upstream}, {"problem", problem}}
        );
    }
    for (const auto& [key, read] : found.keys)
        if (read.problem.empty() && before.contains(key.upstream))
            log::info("the key can be used again", {{"upstream", key.upstream}});
    settle();
}

void Reloader::take_setup(Found& found) {
    LoadedSetup& loaded = *found.loaded;
    files_ = std::move(loaded.files);
    digest_ = std::move(loaded.digest);
    std::vector<std::string> findings = lines_of(loaded.findings);
    bool successful = loaded.setup != nullptr;
    if (successful) {
        std::vector<std::string> refused = host_.reload(std::move(*loaded.setup));
        successful = refused.empty();
        for (std::string& reason : refused)
            findings.push_back(config_file_ + ": error: " + std::move(reason));
    }
    for (const std::string& finding : findings)
        log::warn("configuration", {{"finding", finding}});
    config_problems_.clear();
    if (successful) {
        key_problems_.clear();  // it has been loaded with good keys
        log::info("the configuration was reloaded", {{"config", config_file_}});
    } else {
        config_problems_ = findings;
        log::error(
            "the configuration was not reloaded; the old one stays in force",
            {{"config", config_file_}}
        );
    }
    settle();
    const Result result{successful, text_of(findings)};
    for (const Done& done : std::exchange(served_, {}))
        if (done) done(result);
}

void Reloader::watch() {
    std::vector<std::filesystem::path> files = files_;
    for (const CredentialSource& key : host_.credentials())
        files.push_back(key.file);
    watch_.set(files);
}

void Reloader::settle() {
    state_.problems = config_problems_;
    for (const auto& [upstream, problem] : key_problems_)
        state_.problems.push_back(problem);
    if (state_.problems.size() > problems_shown) state_.problems.resize(problems_shown);
    state_.successful = config_problems_.empty() && key_problems_.empty();
    if (state_.successful) state_.last_success = now().wall;
    host_.reload_ended(state_.successful);
}

}  // namespace backstop::proxy
