#include "proxy/watch.hpp"

#include "proxy/log.hpp"

#include <array>
#include <cstring>
#include <string_view>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace backstop::proxy {

namespace {

// What comes together is one change: a swap is several events.
constexpr policy::Duration gather = std::chrono::milliseconds(100);
constexpr policy::Duration look_anyway = std::chrono::seconds(2);
// A file is looked at once it is whole: when its writer closes it, or it is renamed. A link is
// whole at once, and what is deleted is gone at once.
constexpr unsigned events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF |
                            IN_MOVE_SELF | IN_ONLYDIR;
constexpr unsigned folder_lost = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT;
// What Kubernetes renames to swap the whole content of a mounted ConfigMap or Secret.
constexpr std::string_view kubernetes_data = "..data";

bool is_link(const std::filesystem::path& path) {
    struct stat about {};
    return ::lstat(path.c_str(), &about) == 0 && S_ISLNK(about.st_mode);
}

}  // namespace

Watch::Watch(Executor executor, std::function<void()> changed)
    : inotify_(executor), timer_(executor), changed_(std::move(changed)) {}

Watch::~Watch() {
    stop();
}

void Watch::stop() {
    error_code ignored;
    inotify_.close(ignored);
    timer_.cancel();
    folders_.clear();
    changed_ = nullptr;
}

void Watch::add(const std::filesystem::path& file, Names& folders) {
    std::filesystem::path folder = file.parent_path();
    if (folder.empty()) folder = ".";
    folders[folder].insert(file.filename().string());
}

void Watch::set(const std::vector<std::filesystem::path>& files) {
    Names wanted;
    for (const std::filesystem::path& file : files) {
        add(file, wanted);
        std::error_code unknown;
        const std::filesystem::path real = std::filesystem::canonical(file, unknown);
        if (!unknown) add(real, wanted);
    }
    if (inotify_.is_open() && !blind_ && wanted == wanted_) return;
    wanted_ = std::move(wanted);
    open();
    if (!hinted_ && blind_) hint_in(look_anyway);
}

// Anew each time: folders that were replaced have new watches, and nothing is left behind. The old
// one is read for the last time when the new one is in place, so that no change falls between.
void Watch::open() {
    std::map<int, Folder> folders;
    const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    bool blind = descriptor < 0;
    for (const auto& [path, names] : wanted_) {
        const int watch =
            descriptor < 0 ? -1 : ::inotify_add_watch(descriptor, path.c_str(), events);
        if (watch < 0) {
            blind = true;
            continue;
        }
        folders[watch].path = path;
        folders[watch].names.insert(names.begin(), names.end());
    }
    if (inotify_.is_open()) read();
    error_code ignored;
    inotify_.close(ignored);
    folders_ = std::move(folders);
    blind_ = blind;
    if (blind && !told_) log::warn("files cannot be watched; looking every two seconds instead");
    told_ = blind;
    ++opened_;
    if (descriptor < 0) return;
    inotify_.assign(descriptor);
    wait();
}

void Watch::wait() {
    const auto ready = [this, opened = opened_](error_code ec) {
        if (ec || changed_ == nullptr || opened != opened_) return;
        read();
        wait();
    };
    inotify_.async_wait(asio::posix::descriptor_base::wait_read, ready);
}

void Watch::read() {
    alignas(inotify_event) std::array<char, 16 * 1024> bytes{};
    const ssize_t size = ::read(inotify_.native_handle(), bytes.data(), bytes.size());
    for (ssize_t at = 0; at < size;) {
        inotify_event event{};
        const char* const here = bytes.data() + at;
        std::memcpy(&event, here, sizeof event);
        const char* const name = here + sizeof event;
        if (concerns(event.wd, {name, ::strnlen(name, event.len)}, event.mask)) hint();
        if ((event.mask & folder_lost) != 0) blind_ = true;
        at += static_cast<ssize_t>(sizeof event + event.len);
    }
}

bool Watch::concerns(int watch, std::string_view name, unsigned what) const {
    if ((what & (folder_lost | IN_Q_OVERFLOW)) != 0) return true;
    const auto found = folders_.find(watch);
    if (found == folders_.end()) return false;
    const Folder& folder = found->second;
    if (name != kubernetes_data && !folder.names.contains(std::string(name))) return false;
    return (what & IN_CREATE) == 0 || is_link(folder.path / name);
}

void Watch::hint() {
    if (!hinted_) hint_in(gather);
    hinted_ = true;
}

void Watch::hint_in(policy::Duration delay) {
    timer_.expires_after(delay);
    timer_.async_wait([this](error_code ec) {
        if (ec || changed_ == nullptr) return;
        hinted_ = false;
        if (blind_) hint_in(look_anyway);
        changed_();
    });
}

}  // namespace backstop::proxy
