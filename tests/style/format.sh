#!/usr/bin/env bash
# Every C++ file is as clang-format 14 leaves it. Remedy: clang-format -i FILE
#   tests/style/format.sh ROOT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/style/tree.sh
. "$here/tree.sh"
enter "${1:-}"

mapfile -t files < <(our_files '*.cpp' '*.hpp')
[ ${#files[@]} -gt 0 ] || { echo "no source files under $PWD" >&2; exit 2; }
formatter=clang-format-14
command -v "$formatter" >/dev/null || formatter=clang-format
"$formatter" --dry-run --Werror "${files[@]}" 2>&1 |
    awk -F: '/: error: / && !seen[$1]++ { print $1 ":" $2 ": clang-format would write it otherwise" }
             /[Uu]nknown|[Ii]nvalid/ { print }' | finish "files to put in order by $formatter -i"
