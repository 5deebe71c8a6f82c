#include "proxy/scratch.hpp"

#include <array>
#include <utility>

namespace backstop::proxy {

namespace {

// What a buffer may keep for the next exchange.
constexpr std::size_t keep = 4096;

// So many are kept: as many as there are exchanges at once on a busy day. Heads are limited
// (limits.head_bytes), and so is what each of them keeps. One thread; others have their own.
struct Spares {
    std::array<Scratch, 16> all{};
    std::size_t count = 0;
};

thread_local Spares spares;

void empty(Buffer& buffer) {
    buffer.consume(buffer.size());
    buffer.shrink(keep);
}

}  // namespace

void borrow(Scratch& to) {
    if (spares.count > 0) to = std::move(spares.all[--spares.count]);
}

void trim(Scratch& scratch) {
    empty(scratch.payload);
    empty(scratch.frames);
}

void give_back(Scratch& from) {
    if (spares.count == spares.all.size()) {
        from = Scratch();
        return;
    }
    from.request.clear();
    from.response.clear();
    from.upstream_head.clear();
    from.client_head.clear();
    trim(from);
    spares.all[spares.count++] = std::exchange(from, Scratch());
}

}  // namespace backstop::proxy
