#!/usr/bin/env bash
# Every shell script passes shellcheck, stops at errors, and is executable if it has a #! line.
#   tests/style/shell.sh ROOT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/style/tree.sh
. "$here/tree.sh"
enter "${1:-}"

is_script() { head -n 1 "$1" | grep -qE '^#!.*[/ ](bash|sh)( |$)'; }

scripts=()
while IFS= read -r file; do
    case ${file##*/} in
        *.sh) scripts+=("$file") ;;
        *.*) ;;
        *) ! is_script "$file" || scripts+=("$file") ;;
    esac
done < <(our_files '*.sh' '.ci/*' 'deploy/*' 'tests/*')
[ ${#scripts[@]} -gt 0 ] || { echo "no shell scripts under $PWD" >&2; exit 2; }

status=0
shellcheck --external-sources "${scripts[@]}" || status=1
for script in "${scripts[@]}"; do
    is_script "$script" || continue
    [ -x "$script" ] || { echo "$script: not executable; chmod +x $script"; status=1; }
    grep -q '^set -.*e.*u' "$script" || { echo "$script: lacks 'set -euo pipefail'"; status=1; }
done
exit $status
