#!/usr/bin/env bash
# The program backstop-simulator from outside: its first line, its exit statuses, its complaints.
#   tests/simulator/program_test.sh PATH_OF_THE_PROGRAM
set -euo pipefail
program=${1:?which program? Give its path}
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# expect STATUS WORDS ARGUMENT...: the program ends with STATUS and complains in these words.
expect() {
    local wanted=$1 words=$2 status=0
    shift 2
    "$program" "$@" >"$folder/out" 2>"$folder/err" || status=$?
    [ "$status" = "$wanted" ] || fail "'$*' ended with $status, expected $wanted"
    grep -qF -- "$words" "$folder/out" "$folder/err" || fail "'$*' did not say '$words' but: $(cat "$folder/out" "$folder/err")"
}

# begin ARGUMENT...: runs the program and waits for its first line, given in $line.
begin() {
    mkfifo "$folder/ready"
    "$program" "$@" >"$folder/ready" 2>"$folder/err" &
    pid=$!
    exec 3<"$folder/ready"
    rm "$folder/ready"
    read -r line <&3 || fail "'$*' said nothing: $(cat "$folder/err")"
}

# finish SIGNAL: it ends with 0.
finish() {
    local status=0
    kill -s "$1" "$pid"
    wait "$pid" || status=$?
    pid=
    [ "$status" = 0 ] || fail "SIG$1 ended it with $status"
}

expect 0 'backstop-simulator' --help
expect 64 '--nonsense' --nonsense
expect 64 'type: expected one of' --fault 'stauts code=500'
expect 64 "tier: expected one of free, starter, growth, scale; got 'gold'" --tier gold
expect 64 "listen: expected ADDRESS:PORT" --listen 9000
expect 64 'no API is named' --api nonsense
expect 64 '--tls-listen: needs --cert and --key' --tls-listen 127.0.0.1:0
expect 64 'expected NAME=VALUE' --set nonsense
expect 64 'nonsense: unknown; there is: conflicts' --set nonsense=1
expect 64 'conflicts: unknown' --api truedy --no-conflict
expect 64 'tier: expected one of free, pro, enterprise' --api levrage --tier scale
expect 69 'No such file' --tls-listen 127.0.0.1:0 --cert /nonexistent --key /nonexistent

begin --listen 127.0.0.1:0 --control-listen 127.0.0.1:0 --tier starter --quota 7 --no-conflict \
    --api-key one --api-key two --revoked-key three --set window_ms=5 --seed 3 \
    --fault 'status code=500 count=2' --fault 'reset stage=at_accept'
[[ $line =~ ^'backstop-simulator: sticky-calls ready on http://127.0.0.1:'([1-9][0-9]*)' control http://127.0.0.1:'([1-9][0-9]*)$ ]] ||
    fail "first line: $line"
expect 69 'in use' --listen "127.0.0.1:${BASH_REMATCH[1]}"
settings=$(curl -sS "http://127.0.0.1:${BASH_REMATCH[2]}/_sim/settings")
[ "$settings" = '{"tier":"starter","limit":600,"window_ms":5,"quota":7,"limits":true,"conflicts":false,"honour_keys":true,"keys":{"one":"org_default","two":"org_default"},"revoked":["three"]}' ] ||
    fail "settings: $settings"
faults=$(curl -sS "http://127.0.0.1:${BASH_REMATCH[2]}/_sim/faults")
[[ $faults == *'"count":2'*'"code":500'*'"at_accept"'* ]] || fail "faults: $faults"
finish TERM

begin --listen 127.0.0.1:0 --limits off
finish INT

for api in levrage leavo truedy; do
    begin --listen 127.0.0.1:0 --api "$api"
    [[ $line == "backstop-simulator: $api ready on http://127.0.0.1:"* ]] || fail "first line: $line"
    finish TERM
done

[ "$failures" = 0 ] || exit 1
echo 'ok'
