// Numbers for properties, each as likely as any other. RapidCheck's own ranges begin narrow and
// widen from case to case, so that most cases would never see the far end.
#pragma once

#include <rapidcheck.h>

namespace backstop::test {

// From `first` up to, but not including, `end`.
inline rc::Gen<int> uniform(int first, int end) {
    return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(first, end));
}

}  // namespace backstop::test
