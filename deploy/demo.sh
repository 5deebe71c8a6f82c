#!/usr/bin/env bash
# Shows in about a minute what backstop does: builds it and a stand-in for Sticky Calls, starts both
# on this machine, sends calls through them, and says after each what happened. Whatever it says is
# checked; it exits non-zero if the story is not true.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
usage: deploy/demo.sh [--keep]

Installs what is missing on a Debian 12 (as root, or by sudo), builds backstop and its simulator,
and shows them at work.

  --keep   leave both running afterwards, and print what to try next
TEXT
}

keep=''
case ${1:-} in
    '') ;;
    --keep) keep=yes ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 64
        ;;
esac

export no_proxy='*' # all of this stays on this machine
if [ -t 1 ]; then
    bold=$(tput bold 2>/dev/null || true) dim=$(tput dim 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
else
    bold='' dim='' plain=''
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# --- build ---------------------------------------------------------------------------------------
./deploy/setup.sh build
mkdir -p build
work=$(mktemp -d build/demo.XXXXXX)
jobs=$(./deploy/jobs.sh)

build() { # in the folder of the tests, so that nothing is compiled twice
    cmake --preset debug && cmake --build --preset debug --parallel "$jobs" --target backstop backstop-simulator
}
started=$SECONDS
say "Building backstop and its simulator, $jobs at once; the first time takes some minutes."
if ! build >"$work/build.log" 2>&1; then
    tail -n 40 "$work/build.log" >&2
    say "The build failed; all of its output is in $work/build.log" >&2
    exit 1
fi
say "Built in $((SECONDS - started)) s."
backstop=build/debug/backstop
simulator=build/debug/tests/simulator/backstop-simulator

# --- start and stop ------------------------------------------------------------------------------
simulator_pid='' backstop_pid=''

stop_process() { # PID
    [ -n "$1" ] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
finish() {
    local status=$?
    trap - EXIT
    if [ "$status" -eq 0 ] && [ -n "$keep" ]; then exit 0; fi
    stop_process "$backstop_pid"
    stop_process "$simulator_pid"
    if [ "$status" -eq 0 ]; then
        rm -rf "$work"
    else
        say "What the programs said is in $work." >&2
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    say "" >&2
    say "deploy/demo.sh: $*" >&2
    exit 1
}

# within SECONDS COMMAND...: tries until it succeeds, or until the time is over.
within() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break # nobody answers there
    done
    echo "$port"
}

start_simulator() { # ADDRESS:PORT
    : >"$work/simulator.log"
    "$simulator" --listen "$1" --api-key sk_demo --api-key sk_demo_busy >"$work/simulator.log" 2>&1 &
    simulator_pid=$!
    within 10 grep -q ' ready on ' "$work/simulator.log" || return 1
    upstream=$(sed -nE 's|.* ready on (http://[0-9.:]+).*|\1|p' "$work/simulator.log")
}

start_backstop() {
    api=127.0.0.1:$(free_port) admin=127.0.0.1:$(free_port)
    cat >"$work/backstop.toml" <<TEXT
[admin]
listen = "$admin"

[[upstream]]
name    = "sticky-calls"
listen  = "$api"
url     = "$upstream"
dialect = "sticky-calls"
TEXT
    "$backstop" run --config "$work/backstop.toml" >"$work/backstop.log" 2>&1 &
    backstop_pid=$!
    within 10 backstop_answers || return 1
}
backstop_answers() {
    curl -sf -o /dev/null "http://$admin/readyz" && return 0
    kill -0 "$backstop_pid" 2>/dev/null || return 0 # it ended; seen below
    return 1
}

start_simulator 127.0.0.1:0 || fail "the simulator did not start: $(cat "$work/simulator.log")"
for _ in 1 2 3; do # a port that was free can be taken a moment later
    start_backstop || true
    if kill -0 "$backstop_pid" 2>/dev/null; then break; fi
done
curl -sf -o /dev/null "http://$admin/readyz" || fail "backstop did not start: $(cat "$work/backstop.log")"

# --- telling -------------------------------------------------------------------------------------
# quoted WORD...: as one would type it.
quoted() {
    local word out=''
    for word in "$@"; do
        if [[ "$word" =~ ^[A-Za-z0-9_./:=@-]+$ ]]; then out+=" $word"; else out+=" '${word//\'/\'\\\'\'}'"; fi
    done
    printf '%s' "${out# }"
}

# show CURL_ARGUMENT...: prints the command and its answer. Sets status, seconds, body.
show() {
    printf '   %s$ curl %s%s\n' "$dim" "$(quoted "$@")" "$plain"
    read -r status seconds < <(curl -sS -D "$work/head" -o "$work/body" -w '%{http_code} %{time_total}\n' "$@") ||
        fail "no answer to: curl $(quoted "$@")"
    body=$(cat "$work/body")
    printf '   %s in %.2f s  %s\n' "$status" "$seconds" "$body"
    local marks
    marks=$(tr -d '\r' <"$work/head" | grep -iE '^(backstop-(outcome|reason)|retry-after):' | paste -sd, | sed 's/,/, /g' || true)
    [ -z "$marks" ] || printf '   %s\n' "$marks"
}

# call VERB CALL_ID [KEY]: what the application does: it starts a call, or ends one.
call() {
    local json
    case $1 in
        start) json='{"call_id":"'$2'","identity_hints":{"ani":"+15551230001"}}' ;;
        end) json='{"call_id":"'$2'","intent":"move an appointment","intent_status":"open","variables":{"name":{"value":"Ada"}}}' ;;
    esac
    seen=$(requests)
    show --json "$json" -H "Authorization: Bearer ${3:-sk_demo}" "http://$api/v1/calls/$1"
    attempts=$(($(requests) - seen))
}

sim() { # PATH [CURL_ARGUMENT...]: ask or tell the simulator
    local path=$1
    shift
    curl -sS --fail-with-body "$upstream/_sim/$path" "$@"
}
requests() { sim health | sed -nE 's/.*"requests":([0-9]+).*/\1/p'; }
# effects NAME CALL_ID: how often the API has acted.
effects() { sim "effects?subject=$2" | sed -nE 's/.*"subjects":(.*)/\1/p' | grep -oE "\"$1\":[0-9]+" | grep -oE '[0-9]+$' || echo 0; }
fault() { sim faults --json "$1" >/dev/null; }

# happened SENTENCE CONDITION...: says it if every condition, an arithmetic one, holds.
happened() {
    local sentence=$1 condition
    shift
    for condition in "$@"; do
        awk "BEGIN { exit !($condition) }" || fail "not true: '$sentence' ($condition)"
    done
    say "   -> $sentence"
}
header() { tr -d '\r' <"$work/head" | sed -nE "s/^$1: //Ip"; }
is() { # WHAT EXPECTED: two texts are the same
    [ "$1" = "$2" ] || fail "not true: expected '$2', got '$1'"
}
has() { # TEXT: the answer has it
    [[ "$body" == *"$1"* ]] || fail "not true: the answer lacks '$1': $body"
}

say ""
say "The application calls http://$api instead of https://api.stickycalls.com and changes nothing else."
say "backstop forwards to the simulator, which answers as Sticky Calls does, fails on demand, and counts"
say "what it was asked to do. -> is what it counted."

title "1. A call that goes through"
call start call_1
is "$status" 200
happened "$attempts attempt; $(effects calls_started call_1) call started" "$attempts == 1" "$(effects calls_started call_1) == 1"

title "What next"
if [ -n "$keep" ]; then
    say "   Both are still running. Stop them with: kill $backstop_pid $simulator_pid"
    say "   backstop     http://$api   configured by $work/backstop.toml, its log beside it"
    say "   simulator    $upstream   faults: curl $upstream/_sim/faults --json '{\"type\":\"status\",\"code\":503,\"count\":1}'"
    say "   what it saw  curl $upstream/_sim/journal      what it did  curl $upstream/_sim/effects?subjects=1"
    say "   metrics      curl http://$admin/metrics"
else
    say "   ./deploy/demo.sh --keep   tells it again, leaves both running, and says how to send calls of your own"
    say "   ./tests/run.sh            builds and runs every test"
fi
