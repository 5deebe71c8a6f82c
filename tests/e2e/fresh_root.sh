#!/usr/bin/env bash
# Proves that a clone is enough: makes a bare Debian 12 in a temporary folder, with git and nothing
# else of use, clones the last commit into it, and there runs the two commands of the README, with
# no terminal and none of this machine's environment. Takes long, so it is not one of CTest's.
#
#   tests/e2e/fresh_root.sh [--keep] [COMMAND...]
#
#   COMMAND   run instead of './deploy/demo.sh' and './tests/run.sh', each in a shell, in order
#   --keep    leave the folder and print its name, to look around with chroot
#
# Needs root, mmdebstrap, and apt's sources for bookworm.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
keep=
if [ "${1:-}" = --keep ]; then
    keep=yes
    shift
fi
commands=("$@")
[ $# -gt 0 ] || commands=(./deploy/demo.sh ./tests/run.sh)

stop() {
    printf 'fresh_root.sh: %s\n' "$*" >&2
    exit 2
}
[ "$(id -u)" = 0 ] || stop "needs root, for chroot and mounts"
command -v mmdebstrap >/dev/null || stop "needs mmdebstrap: apt-get install mmdebstrap"
unshare --mount --pid --fork true || stop "may not make a mount namespace here; run it outside a container"

# The same mirrors and the same way to them as this machine.
# shellcheck disable=SC2016  # $(…) is apt's notation
sources=$(apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE)' |
    awk '$1 == "Packages" && $3 ~ /^bookworm/ { print "deb " $2 " " $3 " main" }' | sort -u)
[ -n "$sources" ] || stop "apt knows no source for bookworm; run apt-get update"

if [ -n "$(git -C "$repository" status --porcelain)" ]; then
    echo "note: what is not committed is not in the clone"
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/fresh-root.XXXXXX")
# Mounts are made in a namespace of their own and go away with it, so this deletes nothing else.
# shellcheck disable=SC2064  # now
[ -n "$keep" ] || trap "rm -rf --one-file-system '$root' '$root.apt'" EXIT
apt-config dump | grep -E '^Acquire::(https?|ForceIPv[46]|Retries)' >"$root.apt" || true

started=$SECONDS
mmdebstrap --quiet --variant=minbase --mode=root --include=git,ca-certificates \
    --aptopt="$root.apt" bookworm "$root" - <<<"$sources"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
git clone --quiet --no-local "$repository" "$root/srv/backstop"
commit=$(git -C "$root/srv/backstop" log -1 --format='%h %s')
echo "fresh root: $((SECONDS - started)) s, $(du -sh "$root" | cut -f1); commit $commit"

inside() {
    # shellcheck disable=SC2016  # $1 and $2 are the inner shell's
    unshare --mount --propagation private --pid --fork --kill-child bash -euc '
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        exec chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            HOME=/tmp LC_ALL=C.UTF-8 /bin/bash -c "cd /srv/backstop && $2" </dev/null
    ' bash "$root" "$1"
}

failed=0
summary=
for command in "${commands[@]}"; do
    started=$SECONDS
    status=0
    echo "== in the fresh root: $command"
    inside "$command" || status=$?
    [ "$status" -eq 0 ] || failed=1
    summary+=$(printf '%6d s, exit status %d: %s' $((SECONDS - started)) "$status" "$command")$'\n'
done

echo "== a bare Debian 12 and a clone of $commit:"
printf '%s' "$summary"
[ -z "$keep" ] || echo "left: $root (and $root.apt); delete it with rm -rf --one-file-system"
exit "$failed"
