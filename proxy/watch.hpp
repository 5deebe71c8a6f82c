// Tells when files may have changed, however that is done: written anew, renamed over, or swapped
// as Kubernetes does it, by renaming `..data` beside them. So folders are watched, not files: a
// watch on a file goes dead with the first swap.
//
// A hint, not a proof: whoever is called looks at the files. Where a folder cannot be watched (it
// is gone, or the system has no watch left), the hint comes every two seconds instead.
#pragma once

#include "proxy/async.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace backstop::proxy {

class Watch {
public:
    // `changed` is called on the I/O thread, once for what happens within a tenth of a second.
    Watch(Executor executor, std::function<void()> changed);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // These files from now on, and what they are links to.
    void set(const std::vector<std::filesystem::path>& files);
    void stop();

private:
    struct Folder {
        std::filesystem::path path{};
        std::set<std::string> names{};
    };
    using Names = std::map<std::filesystem::path, std::set<std::string>>;

    static void add(const std::filesystem::path& file, Names& folders);
    void open();
    void wait();
    void read();
    bool concerns(int watch, std::string_view name, unsigned what) const;
    void hint();
    void hint_in(policy::Duration delay);

    asio::posix::basic_stream_descriptor<Executor> inotify_;
    Timer timer_;
    std::function<void()> changed_;
    std::map<int, Folder> folders_{};  // by watch descriptor
    Names wanted_{};
    unsigned opened_ = 0;  // how often: a handler of an earlier time has nothing to do
    bool blind_ = false;   // some folder is not watched
    bool told_ = false;    // of that
    bool hinted_ = false;  // the timer runs for a hint that is due soon
};

}  // namespace backstop::proxy
