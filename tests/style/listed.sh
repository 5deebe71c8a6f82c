#!/usr/bin/env bash
# Sources are listed by hand, so one can be forgotten: every .cpp file, and every test whatever its
# language, is named in the CMakeLists.txt of its folder or of one above it.
#   tests/style/listed.sh ROOT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/style/tree.sh
. "$here/tree.sh"
enter "${1:-}"

# names LIST WORD: a line of LIST that is no comment has WORD as a path of its own.
names() {
    [ -f "$1" ] || return 1
    sed 's/#.*//' "$1" | tr -s ' \t()"' '\n' | awk -v path="$2" '
        $0 == path || substr($0, length($0) - length(path)) == "/" path { found = 1 }
        END { exit !found }'
}

mapfile -t files < <(our_files '*.cpp' 'tests/*_test.*')
[ ${#files[@]} -gt 0 ] || { echo "no source files under $PWD" >&2; exit 2; }
for file in "${files[@]}"; do
    folder=$file found=
    while [ -z "$found" ] && [ "$folder" != . ]; do
        folder=$(dirname "$folder")
        if [ "$folder" = . ]; then list=CMakeLists.txt path=$file; else list=$folder/CMakeLists.txt path=${file#"$folder"/}; fi
        ! names "$list" "$path" || found=yes
    done
    [ -n "$found" ] || echo "$file: is in no CMakeLists.txt, so it is not built and not tested"
done | finish 'files not listed'
