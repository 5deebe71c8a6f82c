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

# within SECONDS PAUSE COMMAND...: tries until it succeeds, or until the time is over.
within() {
    local until=$((SECONDS + $1)) pause=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep "$pause"
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
    within 10 0.1 simulator_answers && kill -0 "$simulator_pid" 2>/dev/null || return 1
    upstream=http://$1
}
simulator_answers() {
    grep -q ' ready on ' "$work/simulator.log" || ! kill -0 "$simulator_pid" 2>/dev/null
}

start_backstop() {
    api=127.0.0.1:$(free_port) admin=127.0.0.1:$(free_port)
    cat >"$work/backstop.toml" <<TEXT
[admin]
listen = "$admin"

[shutdown]
quiet = "100ms" # nobody is left to wait for

[[upstream]]
name    = "sticky-calls"
listen  = "$api"
url     = "$upstream"
dialect = "sticky-calls"
TEXT
    "$backstop" run --config "$work/backstop.toml" >"$work/backstop.log" 2>&1 &
    backstop_pid=$!
    within 10 0.1 backstop_answers && kill -0 "$backstop_pid" 2>/dev/null || return 1
}
backstop_answers() {
    curl -sf -o /dev/null "http://$admin/readyz" || ! kill -0 "$backstop_pid" 2>/dev/null
}

# A port that was free can be taken a moment later, so there is more than one try.
for try in 1 2 3; do
    if start_simulator "127.0.0.1:$(free_port)"; then break; fi
    [ "$try" -lt 3 ] || fail "the simulator did not start: $(cat "$work/simulator.log")"
done
for try in 1 2 3; do
    if start_backstop; then break; fi
    [ "$try" -lt 3 ] || fail "backstop did not start: $(cat "$work/backstop.log")"
done

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
    local marks
    printf '   %s$ curl %s%s\n' "$dim" "$(quoted "$@")" "$plain"
    read -r status seconds < <(curl -sS -D "$work/head" -o "$work/body" -w '%{http_code} %{time_total}\n' "$@") ||
        fail "no answer to: curl $(quoted "$@")"
    body=$(cat "$work/body")
    marks=$(tr -d '\r' <"$work/head" | grep -iE '^backstop-(outcome|reason|attempts):' | paste -sd, | sed 's/,/, /g' || true)
    printf '   %s in %.2f s   %s%s%s\n' "$status" "$seconds" "$dim" "$marks" "$plain"
    fold -s -w 100 <<<"${body//,\"/, \"}" | sed 's/^/     /' # broken between members
}

# call VERB CALL_ID [KEY]: what the application does: it starts a call, or ends one. Sets attempts
# to what reached the API.
call() {
    local json before
    case $1 in
        start) json='{"call_id":"'$2'","identity_hints":{"ani":"+15551230001"}}' ;;
        end) json='{"call_id":"'$2'","intent":"move an appointment","intent_status":"open","variables":{"name":{"value":"Ada"}}}' ;;
    esac
    before=$(requests)
    show "http://$api/v1/calls/$1" -H "Authorization: Bearer ${3:-sk_demo}" --json "$json"
    attempts=$(($(requests) - before))
}

# sim PATH [CURL_ARGUMENT...]: asks or tells the simulator.
sim() {
    local path=$1
    shift
    curl -sS --fail-with-body "$upstream/_sim/$path" "$@"
}
requests() {
    if [ -z "$simulator_pid" ]; then
        echo 0
    else
        sim health | sed -nE 's/.*"requests":([0-9]+).*/\1/p'
    fi
}
fault() { sim faults --json "$1" >/dev/null; }

# effects NAME CALL_ID: how often the API has acted.
effects() {
    local count
    count=$(sim "effects?subject=$2" | sed -nE "s/.*\"subjects\":.*\"$1\":([0-9]+).*/\1/p")
    echo "${count:-0}"
}

# metric NAME LABEL...: the sum of the series that have all these labels.
metric() {
    local lines label
    lines=$(curl -sS "http://$admin/metrics" | grep -E "^$1(\{| )" || true)
    shift
    for label in "$@"; do lines=$(grep -F "$label" <<<"$lines" || true); done
    awk '{ sum += $NF } END { print sum + 0 }' <<<"$lines"
}

header() { tr -d '\r' <"$work/head" | sed -nE "s/^$1: //Ip"; }

# is WHAT EXPECTED ACTUAL, has TEXT, holds CONDITION...: the story is true, or it ends here.
is() { [ "$2" = "$3" ] || fail "not as told: $1 should be '$2', but is '$3'"; }
has() { [[ "$body" == *"$1"* ]] || fail "not as told: the answer lacks $1"; }
holds() {
    local condition
    for condition in "$@"; do
        awk "BEGIN { exit !($condition) }" || fail "not as told: $condition"
    done
}
so() { say "   -> $*"; }

# --- the story -----------------------------------------------------------------------------------
say ""
say "The application calls http://$api instead of https://api.stickycalls.com, and"
say "changes nothing else. backstop forwards to the simulator, which answers as Sticky Calls does, fails"
say "when told to, and counts what reached it and what it did: the lines that begin with ->."

title "1. A call that goes through"
call start call_1
is status 200 "$status"
holds "$attempts == 1" "$(effects calls_started call_1) == 1"
so "1 attempt, 1 call started"

title "2. The API answers 500 twice"
fault '{"type":"status","code":500,"count":2,"path":"/v1/calls/end"}'
call end call_1
is status 200 "$status"
holds "$attempts == 3" "$(effects calls_ended call_1) == 1"
so "3 attempts with one idempotency key, 1 call ended"

title "3. The API does what it is asked, but its answer is lost half-way"
fault '{"type":"reset","stage":"mid_body","count":1,"path":"/v1/calls/start"}'
call start call_2
is status 200 "$status"
has '"Ada"'
holds "$attempts == 2" "$(effects calls_started call_2) == 1"
so "2 attempts with one idempotency key, 1 call started, not 2; the caller is remembered"

title "4. 429, with two seconds to wait"
fault '{"type":"rate_limited","retry_after":2,"count":1}'
call start call_3
is status 200 "$status"
holds "$attempts == 2" "$seconds >= 2" "$(effects calls_started call_3) == 1"
so "2 attempts, the second not before the 2 s were over"

title "5. 429, with ten minutes to wait, and somebody on the phone"
fault '{"type":"rate_limited","retry_after":600,"count":1}'
call start call_4 sk_demo_busy # another key: its gate stays closed for ten minutes
is status 200 "$status"
is Backstop-Reason rate_limited "$(header Backstop-Reason)"
has '"hasContext":false'
holds "$attempts == 1" "$seconds < 3" "$(effects calls_started call_4) == 0"
so "1 attempt, no wait, nothing started: the empty context, so that the call goes on without history"

title "6. 402: the month's quota is used up"
sim settings --json '{"quota":0}' >/dev/null
call start call_5
is status 200 "$status"
is Backstop-Reason quota_exhausted "$(header Backstop-Reason)"
has '"hasContext":false'
holds "$attempts == 1" "$(effects calls_started call_5) == 0"
sim settings --json '{"quota":10000}' >/dev/null
so "1 attempt, since another one could not help; the empty context"

title "7. What the application has to mend itself is passed on untouched: a revoked key, a call started twice"
call start call_6 sk_test_revoked
is status 401 "$status"
has 'API key has been revoked'
holds "$attempts == 1"
call start call_2
is status 409 "$status"
has "already exists"
holds "$attempts == 1" "$(effects calls_started call_2) == 1"
so "1 attempt each; call_2 has still been started once"

title "8. An outage: the API is not there at all"
address=${upstream#http://}
stop_process "$simulator_pid"
simulator_pid=''
for n in 1 2 3 4 5; do # two or three attempts each; five failures in a row open the circuit
    call start "call_7_$n"
    is status 200 "$status"
    has '"hasContext":false'
    [ "$(header Backstop-Reason)" != circuit_open ] || break
    is Backstop-Reason unreachable "$(header Backstop-Reason)"
    holds "$seconds < 5.5"
done
is Backstop-Reason circuit_open "$(header Backstop-Reason)"
holds "$seconds < 3"
so "always an answer within the 5 s of its deadline; then the circuit opens, and it comes at once"

title "9. The API is back"
start_simulator "$address" || fail "the simulator did not start again: $(cat "$work/simulator.log")"
began=$SECONDS
tries=0
recovered() {
    tries=$((tries + 1))
    curl -sS -D "$work/head" -o /dev/null "http://$api/v1/calls/start" -H 'Authorization: Bearer sk_demo' \
        --json '{"call_id":"call_8_'$tries'","identity_hints":{"ani":"+15551230001"}}'
    [ -z "$(header Backstop-Outcome)" ]
}
within 20 1 recovered || fail "not as told: calls are still degraded 20 s after the API came back"
call start call_9
is status 200 "$status"
is Backstop-Outcome '' "$(header Backstop-Outcome)"
holds "$(effects calls_started call_9) == 1"
so "calls go through again, $((SECONDS - began)) s later, and nobody had to do anything"

title "10. What the metrics say of all this"
shown='backstop_(requests|retries|degraded_responses|denials|ambiguous_outcomes|breaker_transitions)_total'
say "   $dim\$ curl -s http://$admin/metrics | grep -E '^$shown' | grep -v ' 0\$'$plain"
curl -sS "http://$admin/metrics" | grep -E "^$shown" | grep -v ' 0$' | sort | sed 's/^/     /'
holds "$(metric backstop_retries_total 'reason="server_error"' 'route="/v1/calls/end"') == 2" \
    "$(metric backstop_retries_total 'reason="rate_limited"') == 1" \
    "$(metric backstop_degraded_responses_total 'reason="rate_limited"') == 1" \
    "$(metric backstop_degraded_responses_total 'reason="quota_exhausted"') == 1" \
    "$(metric backstop_degraded_responses_total 'reason="unreachable"') >= 1" \
    "$(metric backstop_degraded_responses_total 'reason="circuit_open"') >= 1" \
    "$(metric backstop_denials_total 'class="auth"') == 1" \
    "$(metric backstop_denials_total 'class="conflict"') == 1" \
    "$(metric backstop_denials_total 'class="payment"') == 1" \
    "$(metric backstop_breaker_transitions_total 'to="open"') == 1"

title "What next"
if [ -n "$keep" ]; then
    say "   Both are still running. Stop them with: kill $backstop_pid $simulator_pid"
    say "   backstop     http://$api   configured by $work/backstop.toml, its log beside it"
    say "   simulator    $upstream   faults: curl $upstream/_sim/faults --json '{\"type\":\"status\",\"code\":503,\"count\":1}'"
    say "   what it saw  curl $upstream/_sim/journal      what it did  curl $upstream/_sim/effects?subjects=1"
    say "   status page  http://$admin/"
    say "   metrics      curl http://$admin/metrics"
else
    say "   ./deploy/demo.sh --keep   tells it again, leaves both running, and says how to send calls of your own"
    say "   ./tests/run.sh            builds and runs every test"
fi
