#!/usr/bin/env bash
# coroutines.awk over everything that may hold a coroutine.
#   tests/style/coroutines.sh ROOT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/style/tree.sh
. "$here/tree.sh"
enter "${1:-}"

mapfile -t files < <(our_files 'proxy/*.cpp' 'proxy/*.hpp' 'tests/*.cpp' 'tests/*.hpp')
[ ${#files[@]} -gt 0 ] || { echo "no source files under $PWD" >&2; exit 2; }
awk -f "$here/coroutines.awk" "${files[@]}" | finish coroutines
