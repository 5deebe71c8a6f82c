// Keeps what is in force up to date with its files: looks when they change, when somebody asks
// (SIGHUP, POST /reload), and whether anything has to be done at all. All or nothing: a
// configuration with a mistake changes nothing. Keys are looked at by themselves first, so that a
// mistake in the configuration does not hold up a rotation.
//
// Files are read and parsed on a thread of its own, one look at a time; what came of it is handed
// over on the I/O thread.
#pragma once

#include "proxy/async.hpp"
#include "proxy/reload_state.hpp"
#include "proxy/setup.hpp"
#include "proxy/watch.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace backstop::proxy {

// Whoever serves. Called on the I/O thread.
class Reloadable {
public:
    // Puts it in force. Otherwise nothing has changed, and the reasons are returned.
    virtual std::vector<std::string> reload(Setup setup) = 0;
    // A key has been read again: used from the next attempt on.
    virtual void renew_credential(const std::string& upstream, const std::string& value) = 0;
    virtual std::vector<CredentialSource> credentials() const = 0;
    // What is in force is (not) what the files say.
    virtual void reload_ended(bool successful) = 0;

protected:
    ~Reloadable() = default;
};

class Reloader {
public:
    struct Result {
        bool successful = true;
        std::string findings{};  // errors and warnings, one line each
    };
    using Done = std::function<void(const Result&)>;

    // `loaded` is what was started with.
    Reloader(Executor executor, Reloadable& host, std::string config_file, LoadedSetup loaded);
    ~Reloader();
    Reloader(const Reloader&) = delete;
    Reloader& operator=(const Reloader&) = delete;

    // The first configuration is in force: watches from now on.
    void start();
    // Loads anew, whether anything has changed or not. `done` hears of a load that has begun after
    // this call; not if the process stops meanwhile.
    void request(Done done);
    // Waits for a look under way, the result of which is thrown away.
    void stop();

    const ReloadState& state() const { return state_; }

private:
    struct Job;
    struct Found;

    static void look(const Job& job, Found& found);
    void look_soon();
    void begin();
    void finish(Found& found);
    void take_keys(const Found& found);
    void take_setup(Found& found);
    void watch();
    void settle();

    Executor executor_;
    Reloadable& host_;
    const std::string config_file_;
    Watch watch_;
    std::thread thread_{};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool busy_ = false;
    bool again_ = false;           // something may have changed since the look under way began
    std::vector<Done> waiting_{};  // for the next load
    std::vector<Done> served_{};   // by the one under way

    std::vector<std::filesystem::path> files_{};  // of the last load, and what they held then
    std::string digest_{};
    std::vector<std::string> config_problems_{};
    std::map<std::string, std::string> key_problems_{};  // by upstream
    ReloadState state_{};
};

}  // namespace backstop::proxy
