#!/usr/bin/env bash
# No source file of the program is longer than a reader holds in mind: 400 lines.
#   tests/style/length.sh ROOT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/style/tree.sh
. "$here/tree.sh"
enter "${1:-}"

mapfile -t files < <(our_files 'policy/*.[ch]pp' 'config/*.[ch]pp' 'proxy/*.[ch]pp')
[ ${#files[@]} -gt 0 ] || { echo "no source files under $PWD" >&2; exit 2; }
awk '
    FNR > 400 { over[FILENAME] = FNR }
    END { for (file in over) print file ": " over[file] " lines, at most 400; which two ideas are in it?" }
' "${files[@]}" | sort | finish 'files too long'
