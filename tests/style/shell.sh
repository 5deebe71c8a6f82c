#!/usr/bin/env bash
# Every shell script passes shellcheck, stops at errors, and is executable if it has a #! line; what
# is executable is a script (an empty one succeeds); and CI runs every test.
#   tests/style/shell.sh ROOT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/style/tree.sh
. "$here/tree.sh"
enter "${1:-}"

is_script() { head -n 1 "$1" | grep -qE '^#!.*[/ ](bash|sh)( |$)'; }

status=0
scripts=()
while IFS= read -r file; do
    case ${file##*/} in
        *.sh) scripts+=("$file") ;;
        *.*) ;;
        *)
            if is_script "$file"; then
                scripts+=("$file")
            elif [ -x "$file" ]; then
                echo "$file: executable, but it does not begin with #!"
                status=1
            fi
            ;;
    esac
done < <(our_files '*.sh' '.ci/*' 'deploy/*' 'tests/*')
[ ${#scripts[@]} -gt 0 ] || { echo "no shell scripts under $PWD" >&2; exit 2; }

shellcheck --external-sources "${scripts[@]}" || status=1
for script in "${scripts[@]}"; do
    is_script "$script" || continue
    [ -x "$script" ] || { echo "$script: not executable; chmod +x $script"; status=1; }
    grep -q '^set -.*e.*u' "$script" || { echo "$script: lacks 'set -euo pipefail'"; status=1; }
done
if [ -e .ci/run ] && ! grep -qE '^(exec )?\./tests/run\.sh --all$' .ci/run; then
    echo ".ci/run: does not call ./tests/run.sh --all"
    status=1
fi
exit $status
