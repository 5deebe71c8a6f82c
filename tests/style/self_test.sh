#!/usr/bin/env bash
# Proves that a check finds what it is there for: in a small tree of its own it must be content,
# and with one violation planted it must fail and say where.
#   tests/style/self_test.sh CHECK
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
check=${1:?which check? One of: layering coroutines format shell paths length listed tidy}

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0
planted=0

run_check() { "$here/$check.sh" "$tree" 2>&1; }

# put FILE: writes what it reads, with its folders.
put() {
    mkdir -p "$tree/$(dirname "$1")"
    cat >"$tree/$1"
}

# fresh: the small tree in which everything is as it should be.
fresh() {
    rm -rf "${tree:?}"/* "$tree"/.[a-z]*
    git -C "$tree" init --quiet
    cp "$here/../../.clang-format" "$here/../../.clang-tidy" "$tree"
    put CMakeLists.txt <<<'add_library(p policy/plan.cpp config/load.cpp proxy/session.cpp)'
    put policy/plan.hpp <<<$'#pragma once\n#include <string>\nstruct Plan {};'
    put policy/plan.cpp <<<$'#include "policy/plan.hpp"\n\n#include <boost/json.hpp>\n\nconst int one = 1;  // never now()'
    put config/load.cpp <<<$'#include "policy/plan.hpp"\n\n#include <toml++/toml.h>'
    put proxy/session.cpp <<<$'#include "policy/plan.hpp"\n\n#include <boost/asio.hpp>'
    put tests/CMakeLists.txt <<<'backstop_test(plan_test policy policy/plan_test.cpp)'
    put tests/policy/plan_test.cpp <<<'#include "policy/plan.hpp"'
    put tests/simulator/CMakeLists.txt <<<$'add_executable(s api.cpp) # never backstop_policy\ntarget_link_libraries(s boost_net)'
    put tests/simulator/api.hpp <<<'#pragma once'
    put tests/simulator/api.cpp <<<'#include "tests/simulator/api.hpp"'
    put deploy/go.sh <<<$'#!/usr/bin/env bash\nset -euo pipefail\necho go'
    chmod +x "$tree/deploy/go.sh"
}

content() {
    local output
    output=$(run_check) || {
        echo "FAIL: $check is not content with ${1:-the tree as it should be}:"
        echo "$output"
        failures=$((failures + 1))
    }
}

# finds FILE [TEXT]: the check fails and names FILE, on a line with TEXT. Then starts afresh.
finds() {
    local output
    planted=$((planted + 1))
    if output=$(run_check); then
        echo "FAIL: $check did not find the violation in $1 (${2:-any}):"
        cat "$tree/$1"
        failures=$((failures + 1))
    elif ! grep -F -- "$1" <<<"$output" | grep -qF -- "${2:-}"; then
        echo "FAIL: $check failed, but did not name $1 with '${2:-}':"
        echo "$output"
        failures=$((failures + 1))
    fi
    fresh
}

# The same tree without git's data, as a container's build has it.
content_without_git() {
    rm -rf "${tree:?}/.git"
    mkdir -p "$tree/build/debug"
    put build/debug/generated.cpp <<<$'#include "/nowhere/to/be/found.hpp"\nint  badly   formatted;'
    content 'the tree without git'
    fresh
}

layering() {
    local file line
    while IFS='|' read -r file line; do
        put "$file" <<<"$line"
        finds "$file" ':1'
    done <<'CASES'
policy/plan.cpp|#include "config/load.hpp"
policy/plan.cpp|#include "proxy/session.hpp"
policy/plan.cpp|#include "plan.hpp"
policy/plan.cpp|#include <policy/plan.hpp>
policy/plan.cpp|#include <boost/asio.hpp>
policy/plan.cpp|#include <boost/beast/http.hpp>
policy/plan.cpp|#include <openssl/ssl.h>
policy/plan.cpp|#include <toml++/toml.h>
policy/plan.cpp|#include <unistd.h>
policy/plan.cpp|#include <random>
policy/plan.cpp|#include <thread>
policy/plan.cpp|#include <fstream>
policy/plan.cpp|#include <boost/uuid/random_generator.hpp>
policy/plan.hpp|#include <boost/json.hpp>
policy/plan.hpp|#include <boost/uuid/uuid.hpp>
policy/plan.cpp|auto present = std::chrono::steady_clock::now();
policy/plan.cpp|auto present = now();
policy/plan.cpp|auto present = time(nullptr);
policy/plan.cpp|std::random_device chance;
policy/plan.cpp|int chance = rand();
policy/plan.cpp|auto user = std::getenv("USER");
policy/plan.cpp|std::ifstream file("x");
policy/plan.cpp|std::printf("x");
policy/plan.cpp|std::cerr << "x";
policy/plan.cpp|thread_local int count = 0;
policy/plan.cpp|    static int count = 0;
config/load.cpp|#include "proxy/session.hpp"
config/load.cpp|#include <boost/asio/ip/tcp.hpp>
config/load.cpp|#include <openssl/ssl.h>
config/load.cpp|#include <sys/socket.h>
config/load.cpp|auto user = getenv("USER");
config/load.cpp|extern char** environ;
config/load.cpp|auto present = std::chrono::system_clock::now();
config/load.hpp|#include <toml++/toml.h>
proxy/session.cpp|#include <toml++/toml.h>
proxy/session.cpp|#include "tests/support/scenario.hpp"
proxy/session.cpp|#include <gtest/gtest.h>
proxy/session.cpp|#include "policy/gone.hpp"
tests/simulator/api.cpp|#include "policy/plan.hpp"
tests/simulator/api.cpp|#include "tests/support/scenario.hpp"
tests/simulator/api.hpp|#include "fault.hpp"
tests/simulator/api.hpp|#include "tests/simulator/gone.hpp"
CASES
    put tests/simulator/CMakeLists.txt <<<'target_link_libraries(s boost_net backstop_policy)'
    finds tests/simulator/CMakeLists.txt backstop_policy

    put policy/plan.cpp <<<$'static const int one = 1;\nstatic int two(int n) { return n; }\nint snow(int n);\nauto s = "now()";\nint three = snow(now.steady);\nauto four = std::snprintf(text, 4, "x");'
    put config/load.hpp <<<'std::string environment; // as getenv() would'
    content 'what only looks like a violation'
    fresh
}

# Each form is known to crash under AddressSanitizer with g++ 12.2, or is one of its variants.
coroutines() {
    local form
    while IFS= read -r form; do
        # In the cases ~ stands for a line's end.
        put proxy/session.cpp <<<"Async<void> f() {~$form~}"
        sed -i 's/~/\n/g' "$tree/proxy/session.cpp"
        finds proxy/session.cpp 'name this value on the line above'
    done <<'CASES'
    co_await f(Options{.a = s});
    co_await f(Options{});
    const auto n = co_await f({.a = s}, 1);
    Options o{.a = co_await g()};
    Options o{~        .a = co_await g(),~    };
    co_await f(Options{~        .a = s,~    });
    co_await f(~        Options{.a = s}~    );
    auto n = f(Options{.a = s},~        co_await g());
    co_await call([s] { return s; });
    co_await call([s] {~        return s;~    });
    co_await call([s](int n) {~        return s;~    });
    co_await call([s](int n) -> Async<void> {~        return s;~    });
    if (co_await f(Options{.a = s})) {~        g();~    }
    while (~        co_await f(Options{.a = s})~    ) {~        g();~    }
    co_return co_await f(Options{.a = s});
CASES
    put tests/policy/plan_test.cpp <<<'co_await f(Options{.a = s});'
    finds tests/policy/plan_test.cpp
    put proxy/session.cpp <<'FINE'
Async<void> f() {
    Options o{.a = s};
    co_await f(std::move(o));
    auto lambda = [s] { return s; };
    co_await call(lambda);
    co_await write("{\"a\": 1}");  // { in a comment
    if (const auto n = co_await g(); n > 0) {
        const Options inner{
            .a = s,
        };
        co_await f(inner);
    } else if (co_await h('{')) {
        co_await h(1);
    }
    switch (co_await g()) {
        case 1: {
            co_await h(1);
        }
    }
    const auto [ec, n] = co_await g(buffer, nothrow);
    spawn(executor, "session", [](int n) -> Async<void> {
        co_await g(n);
    });
    co_return Options{.a = s};
}
class A {
public:
    Async<void> inline_one() { co_return co_await g(); }
    int b{0};
};
FINE
    content 'the forms that do not crash'
    fresh
}

format() {
    put policy/plan.cpp <<<'int  badly   formatted;'
    finds policy/plan.cpp
    put tests/simulator/api.hpp <<<$'#pragma once\n\n\n\n  struct  A{};'
    finds tests/simulator/api.hpp
}

shell() {
    put deploy/go.sh <<<$'#!/usr/bin/env bash\nset -euo pipefail\nrm -rf $1/x'
    finds deploy/go.sh
    put deploy/go.sh <<<$'#!/usr/bin/env bash\necho go'
    finds deploy/go.sh 'set -euo pipefail'
    chmod -x "$tree/deploy/go.sh"
    finds deploy/go.sh 'chmod +x'
    put .ci/run <<<$'#!/bin/sh\nset -eu\n[ $1 == x ]'
    finds .ci/run
    put .ci/run <<<$'#!/bin/sh\nset -eu\n# ./tests/run.sh --all'
    chmod +x "$tree/.ci/run"
    finds .ci/run 'does not call'
    put tests/tool </dev/null # an empty script succeeds
    chmod +x "$tree/tests/tool"
    finds tests/tool 'does not begin with #!'
}

paths() {
    local part half=
    for part in /wor k/main /roo t/x /hom e/me 'http://deb.debi' an.org/x registry.np mjs.org ghcr.i o/x; do
        if [ -z "$half" ]; then
            half=$part
            continue
        fi
        put docs/page.md <<<"See $half$part."
        half=
        finds docs/page.md:1
    done
    # Taken apart here too, or this file would look like what it is about.
    # shellcheck disable=SC2016  # the text itself
    put docs/page.md <<<'Its "$tree/ro'"ot/x\", a/ho"'me/b and www.debian.org/doc are fine.'
    content 'what only looks like a path of one machine'
    fresh
}

length() {
    seq 400 | sed 's|^|// |' | put proxy/session.cpp
    content 'a file of 400 lines'
    seq 401 | sed 's|^|// |' | put proxy/session.cpp
    finds proxy/session.cpp '401 lines'
    seq 401 | sed 's|^|// |' | put policy/plan.hpp
    finds policy/plan.hpp
}

listed() {
    put policy/forgotten.cpp </dev/null
    finds policy/forgotten.cpp
    put tests/policy/other_plan_test.cpp </dev/null
    finds tests/policy/other_plan_test.cpp
    put tests/e2e/curl_test.sh </dev/null
    finds tests/e2e/curl_test.sh
    put tests/CMakeLists.txt <<<'# policy/plan_test.cpp'
    finds tests/policy/plan_test.cpp
    put tests/simulator/plan.cpp </dev/null # the name stands elsewhere, for another file
    finds tests/simulator/plan.cpp
}

tidy() {
    database() {
        printf '[{"directory": "%s", "file": "%s", "arguments": ["c++", "-std=c++20", "-I%s", "-c", "%s"]}]' \
            "$tree" "$tree/policy/plan.cpp" "$tree" "$tree/policy/plan.cpp" | put build/compile_commands.json
    }
    run_check() { "$here/tidy.sh" "$tree" "$tree/build" 2>&1; }
    database
    put policy/plan.cpp <<<$'#include "policy/plan.hpp"\n\nint one() { return 1; }'
    content
    database
    put policy/plan.cpp <<<'int BadName() { return 1; }'
    finds policy/plan.cpp readability-identifier-naming
    database
    put policy/plan.cpp <<<$'#include "policy/plan.hpp"\n\nclass A {\npublic:\n    int get() const { return count; }\n\nprivate:\n    int count = 0;\n};\n'
    finds policy/plan.cpp readability-identifier-naming
    database
    put policy/plan.cpp <<<$'#include "policy/plan.hpp"\n\nint one() { return 1; }'
    put policy/plan.hpp <<<$'#pragma once\nstruct Plan {\n    int* raw = 0;\n};'
    finds policy/plan.hpp modernize-use-nullptr
    database
    put policy/plan.cpp <<<'int one( { return 1; }'
    finds policy/plan.cpp error
    database
    echo 'CheckOptions: {a: b}' >>"$tree/.clang-tidy" # 14 wants a list, and goes on without
    finds .clang-tidy 'Error parsing'
}

fresh
if [ "$check" != tidy ]; then
    content
    content_without_git
fi
"$check"
[ "$planted" -gt 0 ] || { echo "FAIL: nothing was planted" >&2; exit 1; }
[ "$failures" -eq 0 ] || { echo "$check: $failures of its self-tests failed" >&2; exit 1; }
echo "$check: content with a clean tree, found all $planted violations planted"
