#!/usr/bin/env bash
# Every test, from a bare clone on Debian 12: installs what is missing, builds, runs.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--all] [--quick] [--jobs N] [PRESET...] [-- CTEST_ARGUMENT...]

Installs the packages that are missing (as root, or by sudo), builds each preset and runs its tests.

  PRESET     debug, asan, tsan (see CMakePresets.json); by default debug, which has every test. The
             others run again what their sanitizers can find something in
  --quick    without clang-tidy: for while you work
  --all      nothing may be left out: a tool that is missing, or a test that skips itself, is a
             failure. This is what CI runs. With all three presets it takes more than an hour
  --jobs N   so many compilers and tests at once; by default as many as cores and memory allow
  --         what follows goes to ctest, such as -R Plan or -L policy

What this machine cannot do is left out, and named at the end with the reason. The last line is
CTest's closing line, summed over the presets. Exit status: 0 if everything passed; 1 if something
failed or no test ran; 64 for wrong usage.
TEXT
}

say() { printf '%s\n' "$*"; }
die() {
    say "tests/run.sh: $*" >&2
    exit 1
}
wrong() {
    say "tests/run.sh: $*; see tests/run.sh --help" >&2
    exit 64
}

all='' quick='' jobs='' presets=() arguments=()
while [ $# -gt 0 ]; do
    case $1 in
        --all) all=yes ;;
        --quick) quick=yes ;;
        --jobs)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || wrong "--jobs needs a number"
            jobs=$2
            shift
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        --)
            shift
            arguments=("$@")
            break
            ;;
        debug | asan | tsan) presets+=("$1") ;;
        *) wrong "'$1' is neither an option nor a preset with tests" ;;
    esac
    shift
done
[ -z "$all" ] || [ -z "$quick" ] || wrong "--all and --quick exclude each other"
# ctest would exclude only what several --label-exclude agree on, so one of the caller's joins ours.
excluded_by_caller=''
for ((i = 0; i + 1 < ${#arguments[@]}; i++)); do
    case ${arguments[i]} in
        -LE | --label-exclude)
            excluded_by_caller=${arguments[i + 1]}
            arguments=("${arguments[@]:0:i}" "${arguments[@]:i+2}")
            ;;
    esac
done
if [ ${#presets[@]} -eq 0 ]; then presets=(debug); fi
# What one clone has compiled, another need not compile again.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# --- what a label needs --------------------------------------------------------------------------
# missing_for LABEL: prints why the tests of this label cannot run here, or nothing.
missing_for() {
    case $1 in
        container)
            if ! command -v buildah >/dev/null || ! command -v podman >/dev/null || ! command -v mmdebstrap >/dev/null; then
                say "no container engine; apt-get install buildah podman runc conmon mmdebstrap"
            elif [ "$(id -u)" != 0 ]; then
                say "this user may not make containers; run as root"
            elif ! unshare --mount --pid --fork true 2>/dev/null; then
                say "this user may not make namespaces; run as root outside a container"
            elif [ ! -e /sys/fs/cgroup/cgroup.controllers ] && [ ! -d /sys/fs/cgroup/memory ]; then
                say "no control groups here, which hold a container to its memory; mount /sys/fs/cgroup"
            fi
            ;;
        npm)
            if ! command -v npm >/dev/null; then
                say "no npm; apt-get install npm"
            elif ! npm ping >/dev/null 2>&1; then
                say "npm does not reach its registry, from which these tests take clients and schemas"
            fi
            ;;
        kubectl)
            # Debian's 1.20 renders no components.
            if ! command -v kubectl >/dev/null; then
                say "no kubectl; install 1.27 or newer from the Kubernetes project"
            elif ! kubectl kustomize --help >/dev/null 2>&1 ||
                kubectl version --client 2>/dev/null | grep -qE 'v1\.(1?[0-9]|2[0-6])\.'; then
                say "this kubectl is too old; install 1.27 or newer from the Kubernetes project"
            fi
            ;;
    esac
}

# The labels of the tests in a build folder; only what is there needs its tools.
labels_of() { ctest --test-dir "$1" --print-labels 2>/dev/null | sed -n 's/^  //p'; }

# Why each label in use is left out, by label. Sets without[].
declare -A without=()
probe() {
    local label reason
    while IFS= read -r label; do
        reason=$(missing_for "$label")
        if [ -n "$quick" ] && [ "$label" = tidy ]; then reason="--quick"; fi
        [ -n "$reason" ] || continue
        [ -z "$all" ] || die "--all, but the tests of label '$label' cannot run here: $reason"
        without[$label]=$reason
    done < <(labels_of "$1")
}

# --- the run -------------------------------------------------------------------------------------
./deploy/setup.sh test
[ -n "$jobs" ] || jobs=$(./deploy/jobs.sh)

total=0 total_failed=0 broken=0
lines=() skipped=()
build_preset() {
    if [ "$1" != debug ]; then
        # They take its simulator (tests/CMakeLists.txt).
        cmake --preset debug >build/debug.configure.log 2>&1 || return 1
        cmake --build build/debug --parallel "$jobs" --target backstop-simulator || return 1
    fi
    cmake --build "build/$1" --parallel "$jobs"
}
run_preset() {
    local preset=$1 build=build/$1 log exclude closing failed count status=0
    say "== $preset: build, $jobs at once"
    cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 || {
        cat "build/$preset.configure.log"
        lines+=("$preset: could not be configured")
        return 1
    }
    probe "$build" # before the long part
    build_preset "$preset" || {
        lines+=("$preset: could not be built")
        return 1
    }
    probe "$build" # test programs tell their labels only now

    # The rules of the house do not depend on how the code is compiled.
    exclude=${!without[*]}
    [ "$preset" = debug ] || exclude+=' style tidy'
    exclude=$(tr -s ' ' '\n' <<<"$exclude" | sed '/^$/d' | sort -u | paste -sd'|')
    exclude=${exclude:+^($exclude)\$}${excluded_by_caller:+${exclude:+|}$excluded_by_caller}

    say "== $preset: test"
    log=build/$preset/tests.log
    ctest --preset "$preset" --parallel "$jobs" --no-tests=error ${exclude:+--label-exclude "$exclude"} \
        "${arguments[@]}" 2>&1 | tee "$log" || status=1
    closing=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+$' "$log" | tail -n 1 || true)
    if [[ ! "$closing" =~ ^[0-9]+%\ tests\ passed,\ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+)$ ]]; then
        lines+=("$preset: no test ran")
        return 1
    fi
    failed=${BASH_REMATCH[1]} count=${BASH_REMATCH[2]}
    total=$((total + count))
    total_failed=$((total_failed + failed))
    lines+=("$preset: $closing")
    mapfile -t -O "${#skipped[@]}" skipped < <(sed -nE "s/^\t *[0-9]+ - (.*) \((Skipped|Disabled)\).*/\1 ($preset) \2/p" "$log")
    return $status
}

mkdir -p build
for preset in "${presets[@]}"; do
    run_preset "$preset" || broken=1
done

say ""
say "== summary"
for label in "${!without[@]}"; do say "left out: tests of label '$label': ${without[$label]}"; done | sort
for test in "${skipped[@]}"; do say "left out: $test, by itself"; done
if [ -n "$all" ] && [ ${#skipped[@]} -gt 0 ]; then
    say "--all, but ${#skipped[@]} tests did not run"
    broken=1
fi
for line in "${lines[@]}"; do say "$line"; done
if [ "$total" -eq 0 ]; then die "no test ran"; fi
say ""
say "$((100 * (total - total_failed) / total))% tests passed, $total_failed tests failed out of $total"
[ "$broken" -eq 0 ] && [ "$total_failed" -eq 0 ]
