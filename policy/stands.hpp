// Which answers of the upstream's no fallback may take the place of: usable ones, those that say
// no, and those that whoever sent the request has to mend (behaviour, section 7).
#pragma once

#include "policy/verdict.hpp"

#include <algorithm>
#include <array>

namespace backstop::policy {

inline bool stands(Verdict verdict, int status) {
    constexpr std::array to_be_mended{400, 401, 403, 404, 409, 422};
    return verdict == Verdict::ok || verdict == Verdict::rejected ||
           std::ranges::find(to_be_mended, status) != to_be_mended.end();
}

}  // namespace backstop::policy
