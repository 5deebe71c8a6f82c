#!/usr/bin/env bash
# clang-tidy 14 over every file that a build folder compiles and the headers they include, by the
# rules of .clang-tidy. Slow (half a minute for a file that includes Asio), so two at a time.
#   tests/style/tidy.sh ROOT BUILD_FOLDER [FILE...]
set -euo pipefail
cd "${1:?which tree? Give its root}"
build=${2:?which build folder? Give one with a compile_commands.json}
shift 2
[ -s "$build/compile_commands.json" ] || {
    echo "$build has no compile_commands.json; configure it first: cmake --preset debug" >&2
    exit 2
}
root=$(pwd -P)

# Files of the tree only, as regular expressions for run-clang-tidy; the build's own are not ours.
# Tests are spared the path-sensitive analyzer, which takes half of the time: their mistakes show.
prefix="^${root//+/\\+}"
if [ $# -gt 0 ]; then
    product=("${@/%/\$}") tests=()
else
    product=("$prefix/(policy|config|proxy)/.*\\.cpp\$") tests=("$prefix/tests/.*\\.cpp\$")
fi

# It prints each command it runs; what matters is what comes of it. g++ knows warnings that clang
# does not, and the other way round: what a compiler has to say, the build has heard.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
tidy() {
    run-clang-tidy-14 -quiet -j 2 -p "$build" -extra-arg=-Wno-everything "$@" >>"$log" 2>&1 || status=$?
}
tidy "${product[@]}"
if [ ${#tests[@]} -gt 0 ]; then tidy -checks='-clang-analyzer-*' "${tests[@]}"; fi
sed -e '/^clang-tidy/d' -e '/^[0-9]* warnings\{0,1\} \(generated\|treated as error\)/d' -e '/^$/d' -e "s|$root/||" "$log"
if grep -q '^Error parsing' "$log"; then status=1; fi # it would go on, by rules of its own
checked=$(grep -c '^clang-tidy' "$log" || true)
[ "$checked" -gt 0 ] || {
    echo "$build compiles no file of ours, so nothing was checked" >&2
    exit 2
}
echo "clang-tidy: $checked files"
exit "$status"
